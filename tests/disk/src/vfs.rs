//! The bridge between SQLite and the disks of this process: every `unsafe` block of this crate, each with what it
//! relies on. It translates and decides nothing.
//!
//! All of it relies on what SQLite promises to a file system (`sqlite.org/c3ref/vfs.html`): pointers that it hands
//! over are valid for the call, a file is `szOsFile` bytes, is used by one thread at a time, and is used only
//! between a successful `xOpen` and its `xClose`. No function here panics on what SQLite may hand over.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{Ordering, fence};

use rusqlite::ffi;

use crate::registry::{self, Shared, code, extent, locked};
use crate::storage::{Life, Refused, Region};

const NAME: &CStr = c"fulmar-disk";
/// The longest path, with its zero.
const LONGEST_PATH: c_int = 128;
/// What SQLite takes for a sector where it does not ask the disk; the same as its own file systems say.
const SECTOR: c_int = 4_096;

/// Sees to it that SQLite knows this file system, and gives its name.
pub(crate) fn register() -> rusqlite::Result<&'static CStr> {
    static REGISTERED: OnceLock<c_int> = OnceLock::new();
    let code = *REGISTERED.get_or_init(|| {
        let vfs = Box::into_raw(Box::new(file_system()));
        // SAFETY: `vfs` is valid and never freed, as SQLite wants it; its name is static.
        unsafe { ffi::sqlite3_vfs_register(vfs, 0) }
    });
    match code {
        ffi::SQLITE_OK => Ok(NAME),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

/// An open file, behind the pointer that SQLite has.
struct Handle {
    storage: Shared,
    life: Life,
    name: String,
    /// What SQLite has pointers into; it lives at least as long as the handle.
    shared: Vec<Region>,
}

/// What SQLite keeps of an open file: its own part comes first.
#[repr(C)]
struct OpenFile {
    base: ffi::sqlite3_file,
    /// From a box; null unless the file is open.
    handle: *mut Handle,
}

fn file_system() -> ffi::sqlite3_vfs {
    ffi::sqlite3_vfs {
        iVersion: 2,
        szOsFile: size_of::<OpenFile>() as c_int,
        mxPathname: LONGEST_PATH,
        pNext: ptr::null_mut(),
        zName: NAME.as_ptr(),
        pAppData: ptr::null_mut(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_path),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: None,
        xSleep: Some(sleep),
        xCurrentTime: None,
        xGetLastError: None,
        xCurrentTimeInt64: Some(current_time),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The disk, the process and the file that a path names.
///
/// # Safety
///
/// `path` is null or a string that lives for the call.
unsafe fn find(path: *const c_char) -> Option<(Shared, Life, String)> {
    if path.is_null() {
        return None;
    }
    // SAFETY: not null, and the caller vouches for it.
    let path = unsafe { CStr::from_ptr(path) }.to_str().ok()?;
    registry::find(path)
}

/// The handle of an open file.
///
/// # Safety
///
/// `file` was opened by `open` and is not closed, and no other reference to its handle lives.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Handle {
    // SAFETY: `open` has made it an `OpenFile` with a handle from a box, which lives until `close`.
    unsafe { &mut *(*file.cast::<OpenFile>()).handle }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let file = file.cast::<OpenFile>();
    let closed = OpenFile {
        base: ffi::sqlite3_file {
            pMethods: ptr::null(),
        },
        handle: ptr::null_mut(),
    };
    // SAFETY: SQLite gives `szOsFile` bytes, aligned for any type, which is what an `OpenFile` needs.
    unsafe { file.write(closed) };
    // A file without a name is a temporary one: the store keeps those in memory.
    // SAFETY: SQLite gives null or a string that lives as long as the file.
    let Some((storage, life, name)) = (unsafe { find(path) }) else {
        return ffi::SQLITE_CANTOPEN;
    };
    let create = flags & ffi::SQLITE_OPEN_CREATE != 0;
    let opened = locked(&storage).open(life, &name, create);
    if opened.is_err() {
        return code(opened, ffi::SQLITE_CANTOPEN);
    }
    let handle = Box::new(Handle {
        storage,
        life,
        name,
        shared: Vec::new(),
    });
    let opened = OpenFile {
        base: ffi::sqlite3_file { pMethods: &METHODS },
        handle: Box::into_raw(handle),
    };
    // SAFETY: as above; and `out_flags` is null or valid.
    unsafe {
        file.write(opened);
        if let Some(out_flags) = out_flags.as_mut() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    sync_folder: c_int,
) -> c_int {
    // SAFETY: SQLite gives a string that lives for the call.
    let Some((storage, life, name)) = (unsafe { find(path) }) else {
        return ffi::SQLITE_IOERR_DELETE_NOENT;
    };
    match locked(&storage).delete(life, &name, sync_folder != 0) {
        Err(Refused::Missing) => ffi::SQLITE_IOERR_DELETE_NOENT,
        deleted => code(deleted, ffi::SQLITE_IOERR_DELETE),
    }
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    _: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a string that lives for the call.
    let found = unsafe { find(path) };
    let exists = match found {
        Some((storage, life, name)) => locked(&storage).exists(life, &name),
        None => Ok(false),
    };
    // SAFETY: `out` is valid.
    unsafe { *out = c_int::from(exists == Ok(true)) };
    code(exists.map(|_| ()), ffi::SQLITE_IOERR_ACCESS)
}

/// Every path is whole already.
unsafe extern "C" fn full_path(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    len: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives a string that lives for the call.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes_with_nul();
    if usize::try_from(len).map_or(true, |len| len < bytes.len()) {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: `out` has room for `len` bytes, which are enough, and SQLite keeps it apart from `path`.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len()) };
    ffi::SQLITE_OK
}

/// Nobody waits for real time here.
unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    microseconds
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, out: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: `out` is valid.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the file is open, so this is the box that `open` has made; SQLite does not use the file any more.
    drop(unsafe { Box::from_raw(handle(file)) });
    // SAFETY: the same memory, as `open` has filled it.
    unsafe { (*file.cast::<OpenFile>()).handle = ptr::null_mut() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    buffer: *mut c_void,
    amount: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    let Some((offset, amount)) = extent(offset, amount) else {
        return ffi::SQLITE_IOERR_READ;
    };
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    // SAFETY: `buffer` has `amount` bytes, and SQLite has filled memory before it lends it to a file system.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), amount) };
    match locked(&handle.storage).read(handle.life, &handle.name, offset, buffer) {
        Ok(there) if there == amount => ffi::SQLITE_OK,
        Ok(there) => {
            buffer[there..].fill(0);
            ffi::SQLITE_IOERR_SHORT_READ
        }
        Err(refused) => code(Err(refused), ffi::SQLITE_IOERR_READ),
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    data: *const c_void,
    amount: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    let Some((offset, amount)) = extent(offset, amount) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    // SAFETY: `data` has `amount` bytes, which SQLite has filled.
    let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), amount) };
    let written = locked(&handle.storage).write(handle.life, &handle.name, offset, data);
    code(written, ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, len: ffi::sqlite3_int64) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let Ok(len) = usize::try_from(len) else {
        return ffi::SQLITE_IOERR_TRUNCATE;
    };
    let truncated = locked(&handle.storage).truncate(handle.life, &handle.name, len);
    code(truncated, ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let synced = locked(&handle.storage).sync(handle.life, &handle.name);
    code(synced, ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(
    file: *mut ffi::sqlite3_file,
    out: *mut ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let size = locked(&handle.storage).size(handle.life, &handle.name);
    // SAFETY: `out` is valid.
    unsafe { *out = size.unwrap_or_default() as ffi::sqlite3_int64 };
    code(size.map(|_| ()), ffi::SQLITE_IOERR_FSTAT)
}

/// One process has the disk: a lock is only refused to a dead one, which must not tidy up when it closes.
unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let alive = locked(&handle.storage).check(handle.life);
    code(alive, ffi::SQLITE_IOERR_LOCK)
}

unsafe extern "C" fn unlock(_: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(_: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: `out` is valid.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    SECTOR
}

/// As SQLite's own file systems say: a write that is torn by a power cut changes nothing around it.
unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    number: c_int,
    bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: `out` is valid.
    unsafe { *out = ptr::null_mut() };
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let (Ok(number), Ok(bytes)) = (usize::try_from(number), usize::try_from(bytes)) else {
        return ffi::SQLITE_IOERR_SHMMAP;
    };
    let region = locked(&handle.storage).shared(handle.life, number, bytes, extend != 0);
    match region {
        Ok(Some(region)) => {
            // Atomics may be written behind a shared reference, and all of this memory is atomics.
            let address = region.as_ptr().cast_mut().cast();
            handle.shared.push(region);
            // SAFETY: `out` is valid. What it points to has `bytes` bytes and lives as long as the handle.
            unsafe { *out = address };
            ffi::SQLITE_OK
        }
        Ok(None) => ffi::SQLITE_OK,
        Err(Refused::Full) => ffi::SQLITE_IOERR_SHMSIZE,
        Err(refused) => code(Err(refused), ffi::SQLITE_IOERR_SHMMAP),
    }
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    _: c_int,
    _: c_int,
    flags: c_int,
) -> c_int {
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        return ffi::SQLITE_OK;
    }
    // SAFETY: the file is open.
    let handle = unsafe { handle(file) };
    let alive = locked(&handle.storage).check(handle.life);
    code(alive, ffi::SQLITE_IOERR_SHMLOCK)
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: the file is open, and SQLite does not use the shared memory any more.
    let handle = unsafe { handle(file) };
    handle.shared.clear();
    locked(&handle.storage).forget_shared(handle.life);
    ffi::SQLITE_OK
}
