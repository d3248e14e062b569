//! The generated module for Python, with an end: clients need not be closed before the interpreter ends.

/// What is added at its end.
const END: &str = include_str!("python_end.py");

pub(super) fn shaped(raw: &str) -> Result<String, String> {
    let text = replace_once(
        raw,
        "import threading\n",
        "import atexit\nimport threading\n",
    )?;
    // A loop that is closed waits for nothing.
    let text = replace_once(
        &text,
        "    eventloop.call_soon_threadsafe(_uniffi_set_future_result, future, poll_code)\n",
        "    try:\n        eventloop.call_soon_threadsafe(_uniffi_set_future_result, future, poll_code)\n    \
         except RuntimeError:\n        pass\n",
    )?;
    let text = replace_once(
        &text,
        "            ffi_poll(\n                rust_future,\n",
        "            _fulmar_gate.call(\n                ffi_poll,\n                rust_future,\n",
    )?;
    let text = replace_once(
        &text,
        "        ffi_free(rust_future)\n",
        "        _fulmar_gate.call(ffi_free, rust_future)\n",
    )?;
    Ok(text + END)
}

/// What is not there once is not what the generator wrote when this was made.
fn replace_once(text: &str, old: &str, new: &str) -> Result<String, String> {
    match text.matches(old).count() {
        1 => Ok(text.replacen(old, new, 1)),
        count => Err(format!("the module for Python has {count} times {old:?}")),
    }
}
