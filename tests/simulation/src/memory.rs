//! How much an engine keeps in memory: as much as waits, and never more because more was done. A process lives for
//! weeks.

use fulmar_engine::Engine;

use crate::store::number;

/// Whether everything has converged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Anytime,
    AtRest,
}

/// What one device ever had waiting.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    most_operations: u64,
}

/// What waits, and so may be kept.
struct Waits {
    commands: u64,
    operations: u64,
    /// An operation that came back as an event waits no more, and its submit still does.
    most_operations: u64,
    uploads: u64,
    conversations: u64,
    people: u64,
}

impl Memory {
    /// Each machine keeps at most what its bound says, where `commands` wait for an answer.
    pub(crate) fn judge(
        &mut self,
        engine: &Engine,
        commands: usize,
        when: When,
    ) -> Result<(), String> {
        let of = |table: &str| number(engine, &format!("SELECT count(*) FROM {table}"));
        let operations = of("operation")?;
        self.most_operations = self.most_operations.max(operations);
        let waits = Waits {
            commands: commands as u64,
            operations,
            most_operations: self.most_operations,
            uploads: of("upload")?,
            conversations: of("conversation")?,
            people: number(engine, "SELECT count(DISTINCT user_id) FROM participant")?,
        };
        for (machine, kept) in engine.kept() {
            let most = match when {
                When::Anytime => waits.most(machine),
                When::AtRest => waits.most_at_rest(machine),
            };
            if kept as u64 > most {
                return Err(format!(
                    "{machine} keeps {kept} entries in memory, at most {most}"
                ));
            }
        }
        Ok(())
    }
}

impl Waits {
    fn most(&self, machine: &str) -> u64 {
        match machine {
            // Each operation is in one submit; a submit may tell of deliveries, too.
            "outbox" => 8 + 3 * self.most_operations + 6 * self.conversations,
            // What is known of each file, and requests that have no answer yet.
            "uploads" => 8 + 4 * self.uploads,
            "downloads" => 8 + 2 * self.commands,
            "online" => self.commands,
            "typing" => self.conversations * (2 + self.people),
            "presence" => 8 + self.people,
            // The budgets of one minute (PROTOCOL.md §3.9).
            "pace" => 12 + 20 + 6 + 6,
            "session" => 4,
            // Of each machine, and the ends of uploads that were given up.
            _ => 64 + self.commands + self.operations + 2 * self.uploads + self.conversations,
        }
    }

    fn most_at_rest(&self, machine: &str) -> u64 {
        match machine {
            "uploads" | "downloads" => 0,
            // One submit may tell what was delivered, and more was delivered since.
            "outbox" => 1 + 2 * self.conversations,
            "timers" | "requests" => 12 + self.commands,
            _ => self.most(machine),
        }
    }
}
