//! What is left in the rows of a device that has nothing to do any more: nothing waits where no screen shows it, and
//! nothing is kept for what is gone.

use fulmar_engine::Engine;
use fulmar_engine::FailurePolicy;
use fulmar_engine::query::outbox;

use super::number;

/// What has no row left after convergence.
const EMPTY: [(&str, &str); 7] = [
    (
        "files that go up for no message",
        "SELECT count(*) FROM upload",
    ),
    (
        "messages that are neither at the server nor in the outbox",
        "SELECT count(*) FROM message WHERE position IS NULL
         AND operation_key NOT IN (SELECT operation_key FROM operation)",
    ),
    (
        "conversations that nothing creates",
        "SELECT count(*) FROM conversation WHERE id IS NULL
         AND key NOT IN (SELECT lane FROM operation)",
    ),
    (
        "conversations that the user has left",
        "SELECT count(*) FROM conversation WHERE gone AND key NOT IN (SELECT lane FROM operation)",
    ),
    (
        "conversations that were read farther than the server knows",
        "SELECT count(*) FROM conversation WHERE local_read_to > server_read_to",
    ),
    (
        "conversations that wait for another try",
        "SELECT count(*) FROM conversation WHERE retry_at IS NOT NULL",
    ),
    ("pushes that nobody took", "SELECT count(*) FROM pushed"),
];

/// Every operation is on the screen of the outbox, and everything else that waits is gone.
pub(crate) fn judge_rest(engine: &Engine) -> Result<(), String> {
    let shown = outbox(engine.reader(), FailurePolicy::default());
    let shown = shown.map_err(|error| error.to_string())?.len() as u64;
    let there = number(engine, "SELECT count(*) FROM operation")?;
    if shown != there {
        return Err(format!(
            "the outbox has {there} operations, of which {shown} are shown"
        ));
    }
    for (what, query) in EMPTY {
        let count = number(engine, query)?;
        if count > 0 {
            return Err(format!("{count} {what} are left"));
        }
    }
    Ok(())
}
