//! The one connection of a full disk. It reads, and writes nothing: what connections share otherwise is a file, and
//! there is no space for one.

use std::path::Path;

use rusqlite::config::DbConfig;

use super::connection::{Role, check_identity, set_pragmas};
use super::marker::Marker;
use super::{OpenError, Reader, migrations, open_error, place};

impl Reader {
    /// Opens the only connection to the store at `path`, to read it while it cannot be written because the disk
    /// is full: it needs no memory that connections share, which is a file. While it is open, nobody else can
    /// open the store. The store has to be of this version, and to have all that was promised.
    pub fn open_alone(path: &Path) -> std::result::Result<Self, OpenError> {
        let real = place::real_path(path).map_err(|error| place::unusable(path, &error))?;
        Self::alone(&real).map_err(|error| place::explain(&real, error))
    }

    fn alone(real: &Path) -> std::result::Result<Self, OpenError> {
        // A new store cannot be made, and one of an older version not brought to this one.
        let needs_space = || OpenError::DiskFull;
        if place::is_empty(real) {
            Marker::check(real, None)?;
            return Err(needs_space());
        }
        let connection = Self::connect(real).map_err(open_error)?;
        connection
            .pragma_update(None, "locking_mode", "EXCLUSIVE")
            .map_err(open_error)?;
        // What the log has stays there: moving it into the file is writing.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(open_error)?;
        set_pragmas(&connection, Role::Reader).map_err(open_error)?;
        if check_identity(&connection)? != migrations::NEWEST {
            return Err(needs_space());
        }
        Marker::check(real, Some(&connection))?;
        Ok(Self { connection })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{OpenError, Reader, Store};

    #[test]
    fn it_reads_without_shared_memory_and_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        // As a killed process leaves it: all of it is in the log.
        let store = Store::open(&path).unwrap();
        let rows = "SELECT count(*) FROM sqlite_schema";
        let count = |reader: &Reader| -> i64 {
            let rows = reader.connection().query_row(rows, [], |row| row.get(0));
            rows.unwrap()
        };
        let expected = count(store.reader());
        let killed = folder.path().join("killed.db");
        fs::copy(&path, &killed).unwrap();
        fs::copy(
            folder.path().join("a.db-wal"),
            folder.path().join("killed.db-wal"),
        )
        .unwrap();
        let log = fs::read(folder.path().join("killed.db-wal")).unwrap();
        let reader = Reader::open_alone(&killed).unwrap();
        assert_eq!(count(&reader), expected);
        assert!(!folder.path().join("killed.db-shm").exists());
        let changed = reader.connection().execute("DELETE FROM account", []);
        changed.unwrap_err();
        drop(reader);
        assert_eq!(fs::read(folder.path().join("killed.db-wal")).unwrap(), log);
        assert_eq!(count(Store::open(&killed).unwrap().reader()), expected);
    }

    #[test]
    fn a_store_that_is_not_there_needs_space() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let error = Reader::open_alone(&path).unwrap_err();
        assert!(matches!(error, OpenError::DiskFull), "{error}");
        assert!(!path.exists());
    }
}
