//! Files of stores, damaged in any way: opening gives an error or works, and so does all that is asked then. What a
//! rebuild makes of one can be opened, and everything that it saved is in the outbox.
#![no_main]

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use arbitrary::Arbitrary;
use fulmar_engine::{
    Command, Config, Engine, Input, Mono, NetworkState, Now, Store, query, rebuild,
};
use fulmar_fuzz::device;
use fulmar_fuzz::shapes::Many;
use fulmar_protocol::{
    ConversationId, DeviceId, MessageSend, OperationKey, Position, Timestamp, UserId,
};
use libfuzzer_sys::fuzz_target;
use rusqlite::{Connection, MAIN_DB};

const PAGE: usize = 4_096;
/// How many messages wait in the good store.
const UNSENT: u8 = 12;

#[derive(Debug, Arbitrary)]
enum Given {
    /// No store at all.
    Raw(Vec<u8>),
    /// The newest, or one of a version before.
    Damaged(Option<u8>, Many<Damage, 6>),
    /// The newest in a file, which is rebuilt when it cannot be opened, or in any case.
    File(bool, Many<Damage, 6>),
}

#[derive(Debug, Arbitrary)]
enum Damage {
    Bytes(u8, u16, Vec<u8>),
    Flip(u8, u16, u8),
    Zero(u8),
    Noise(u8, u16, u16, u8),
    Copy(u8, u8),
    Truncate(u8, u16),
    Append(Vec<u8>),
    /// A value of a row of a table is another one.
    Value(u8, u8, u8, Cell),
}

#[derive(Debug, Arbitrary)]
enum Cell {
    Nothing,
    Number(i64),
    Text(String),
    Blob(Vec<u8>),
}

struct Bases {
    newest: Vec<u8>,
    before: Vec<Vec<u8>>,
}

thread_local! {
    static BASES: RefCell<Bases> = RefCell::new(Bases { newest: newest(), before: before() });
}

/// A store in which messages wait and drafts, conversations and a session are.
fn newest() -> Vec<u8> {
    let mut device = device::Device::signed_in();
    for number in 0..UNSENT {
        let conversation =
            ConversationId::new(if number % 2 == 0 { "c-1" } else { "c-2" }).expect("an id");
        let text = format!(
            "message {number} {}",
            "é👍".repeat(usize::from(number % 5) * 400)
        );
        device.command(Command::Send {
            operation_key: OperationKey::from_bytes([number + 1; 16]),
            message: MessageSend::text(conversation, text),
        });
    }
    device.image()
}

fn before() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk-core/engine/tests/stores");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the stores of before")
        .map(|file| file.expect("a store").path())
        .collect();
    paths.sort();
    let image = |path: PathBuf| {
        let mut connection = Connection::open_in_memory().expect("memory");
        let sql = fs::read_to_string(path).expect("a store");
        connection.execute_batch(&sql).expect("a store of before");
        connection.serialize(MAIN_DB).expect("bytes").to_vec()
    };
    paths.into_iter().map(image).collect()
}

impl Damage {
    fn apply(self, bytes: &mut Vec<u8>) {
        let pages = (bytes.len() / PAGE).max(1);
        let place = |page: u8, at: u16| usize::from(page) % pages * PAGE + usize::from(at) % PAGE;
        match self {
            Self::Bytes(page, at, new) => {
                let at = place(page, at);
                for (byte, new) in bytes.iter_mut().skip(at).zip(new) {
                    *byte = new;
                }
            }
            Self::Flip(page, at, bits) => {
                if let Some(byte) = bytes.get_mut(place(page, at)) {
                    *byte ^= bits;
                }
            }
            Self::Zero(page) => bytes
                .iter_mut()
                .skip(place(page, 0))
                .take(PAGE)
                .for_each(|byte| *byte = 0),
            Self::Noise(page, at, length, seed) => {
                let mut state = u32::from(seed) + 1;
                for byte in bytes
                    .iter_mut()
                    .skip(place(page, at))
                    .take(usize::from(length))
                {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *byte = state.to_be_bytes()[0];
                }
            }
            Self::Copy(from, to) => {
                let (from, to) = (place(from, 0), place(to, 0));
                if from.max(to) + PAGE <= bytes.len() {
                    bytes.copy_within(from..from + PAGE, to);
                }
            }
            Self::Truncate(page, at) => bytes.truncate(place(page, at)),
            Self::Append(more) => bytes.extend(more),
            Self::Value(table, row, column, cell) => {
                if let Some(changed) =
                    with_value(bytes, [table, row, column].map(usize::from), cell)
                {
                    *bytes = changed;
                }
            }
        }
    }
}

/// The same with another value in a row, when SQLite allows it.
fn with_value(bytes: &[u8], [table, row, column]: [usize; 3], cell: Cell) -> Option<Vec<u8>> {
    let mut connection = Store::adopt(device::database(bytes)?)
        .ok()?
        .into_connection();
    connection
        .pragma_update(None, "ignore_check_constraints", true)
        .ok()?;
    connection.pragma_update(None, "foreign_keys", false).ok()?;
    let list = |sql: &str, of: &[&str]| -> Option<Vec<String>> {
        let mut statement = connection.prepare(sql).ok()?;
        let rows = statement
            .query_map(rusqlite::params_from_iter(of), |row| row.get(0))
            .ok()?;
        rows.collect::<rusqlite::Result<_>>().ok()
    };
    let tables = list(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%\\_%' ESCAPE '\\'",
        &[],
    )?;
    let table = tables.get(table % tables.len().max(1))?;
    let columns = list("SELECT name FROM pragma_table_info(?1)", &[table])?;
    let column = columns.get(column % columns.len().max(1))?;
    let value = match cell {
        Cell::Nothing => rusqlite::types::Value::Null,
        Cell::Number(number) => number.into(),
        Cell::Text(text) => text.into(),
        Cell::Blob(blob) => blob.into(),
    };
    let sql = format!(
        "UPDATE \"{table}\" SET \"{column}\" = ?1
         WHERE rowid IN (SELECT rowid FROM \"{table}\" LIMIT 1 OFFSET {})",
        row % 4
    );
    connection.execute(&sql, [value]).ok()?;
    Some(connection.serialize(MAIN_DB).ok()?.to_vec())
}

fn now() -> Now {
    Now {
        wall: Timestamp(device::NOW),
        mono: Mono(1),
        entropy: 7,
    }
}

/// Everything that is done with a store in the first seconds. An error ends it; `must` says that there is none.
fn uses(store: Store, must: bool) -> Option<Engine> {
    let device = DeviceId::new("phone").expect("an id");
    let (mut engine, _) = judged(Engine::open(store, Config::default(), device, now()), must)?;
    let conversation = ConversationId::new("c-1").expect("an id");
    let command = |body| Input::Command {
        command: fulmar_engine::CommandId(1),
        body,
    };
    let inputs = [
        Input::Network(NetworkState::Available),
        command(Command::Send {
            operation_key: OperationKey::from_bytes([99; 16]),
            message: MessageSend::text(conversation.clone(), "one more"),
        }),
        command(Command::MarkRead {
            operation_key: OperationKey::from_bytes([98; 16]),
            conversation: conversation.clone(),
            up_to: Position(3),
        }),
    ];
    for input in inputs {
        let _ = judged(engine.handle(vec![input], now()), must)?;
    }
    let reader = engine.reader();
    let alice = UserId::new("alice").expect("an id");
    judged(
        query::outbox(reader, Config::default().failure_policy),
        must,
    )?;
    let list = query::conversations(
        reader,
        Some(&alice),
        query::ConversationFilter::default(),
        100,
    );
    for item in judged(list, must)? {
        judged(
            query::timeline(reader, &item.conversation_id, None, query::Window::Newest),
            must,
        )?;
    }
    judged(query::files_in_use(reader), must)?;
    Some(engine)
}

fn judged<T, E: std::fmt::Display>(result: Result<T, E>, must: bool) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            assert!(!must, "a rebuilt store does not work: {error}");
            None
        }
    }
}

fn in_memory(bytes: &[u8]) {
    let store = device::database(bytes).and_then(|connection| Store::adopt(connection).ok());
    if let Some(store) = store {
        uses(store, false);
    }
}

fn in_a_file(bytes: &[u8], always: bool) {
    let memory = PathBuf::from("/dev/shm");
    let base = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let folder = base.join(format!("fulmar-fuzz-store-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("alice.db");
    fs::write(&path, bytes).expect("a file");
    let works = match Store::open(&path) {
        Ok(store) => uses(store, false).is_some(),
        Err(_) => false,
    };
    if always || !works {
        let salvage = rebuild(&path).expect("a rebuild of a file that nobody has open");
        let store = Store::open(&path).expect("a rebuilt store");
        let waiting = query::outbox(store.reader(), Config::default().failure_policy);
        assert_eq!(
            waiting.expect("an outbox").len(),
            salvage.operations,
            "what was saved waits"
        );
        uses(store, true);
    }
    fs::remove_dir_all(&folder).expect("the folder");
}

fuzz_target!(|given: Given| {
    BASES.with_borrow(|bases| match given {
        Given::Raw(bytes) => in_memory(&bytes),
        Given::Damaged(version, Many(damage)) => {
            let mut bytes = match version {
                None => bases.newest.clone(),
                Some(version) => bases.before[usize::from(version) % bases.before.len()].clone(),
            };
            damage.into_iter().for_each(|one| one.apply(&mut bytes));
            in_memory(&bytes);
        }
        Given::File(always, Many(damage)) => {
            let mut bytes = bases.newest.clone();
            damage.into_iter().for_each(|one| one.apply(&mut bytes));
            in_a_file(&bytes, always);
        }
    });
});
