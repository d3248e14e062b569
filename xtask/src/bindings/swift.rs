//! Shapes the generated Swift. It is a module of its own, of which the package shows only what
//! people use; so there is little to hide.

pub(super) fn shaped(text: &str) -> Result<String, String> {
    let expected = "open class ClientHandle";
    if !text.contains(expected) {
        return Err(format!("the generated Swift has no {expected:?} any more"));
    }
    Ok(text.to_owned())
}
