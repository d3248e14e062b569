//! How much stays: what was used last, up to a bound, and whatever is nowhere else.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use fulmar_protocol::ContentHash;

use super::Files;
use super::import::INCOMING;
use super::partial::PART;

/// How long a part is kept that nobody has asked for.
const PART_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Somebody who was just told where a file is still has to open it.
const JUST_USED: Duration = Duration::from_secs(60);

struct Kept {
    used_at: SystemTime,
    bytes: u64,
    just_used: bool,
    path: PathBuf,
}

impl Files {
    /// Lets go of what was used longest ago, until at most `limit` bytes are left. What was used within the
    /// last minute stays in any case, and what `needed` names: it is asked once nothing can come that it does not know. Does nothing while
    /// somebody hands a file over.
    pub(crate) fn trim<E>(
        &self,
        limit: u64,
        needed: impl FnOnce() -> Result<BTreeSet<ContentHash>, E>,
    ) -> Result<(), E> {
        // Where no file ever was, nothing need be asked: the usual start of an app.
        if !self.folder.exists() {
            return Ok(());
        }
        let Ok(_nobody) = self.handover.try_write() else {
            return Ok(());
        };
        let needed = needed()?;
        match self.list(&needed) {
            Ok(mut kept) => {
                let mut total: u64 = kept.iter().map(|file| file.bytes).sum();
                kept.sort_by_key(|file| file.used_at);
                for file in kept {
                    if total <= limit || file.just_used {
                        break;
                    }
                    if fs::remove_file(&file.path).is_ok() {
                        total -= file.bytes;
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, "the folder of files cannot be looked through"),
        }
        Ok(())
    }

    /// What could go, without what goes in any case: copies that were cut short, and old parts.
    fn list(&self, needed: &BTreeSet<ContentHash>) -> io::Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let (name, path) = (entry.file_name(), entry.path());
            let Some(name) = name.to_str() else { continue };
            // A part may just have become a file.
            let Ok(found) = entry.metadata() else {
                continue;
            };
            let used_at = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let age = SystemTime::now()
                .duration_since(used_at)
                .unwrap_or_default();
            if name.starts_with(INCOMING) || (name.ends_with(PART) && age > PART_KEPT) {
                fs::remove_file(&path)?;
                continue;
            }
            let content = name.trim_end_matches(PART).parse::<ContentHash>();
            if content.is_ok_and(|content| !needed.contains(&content)) {
                kept.push(Kept {
                    used_at,
                    just_used: age <= JUST_USED,
                    bytes: found.len(),
                    path,
                });
            }
        }
        Ok(kept)
    }
}
