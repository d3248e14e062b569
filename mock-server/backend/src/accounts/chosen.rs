//! What people choose for themselves: their id and their name (PROTOCOL.md §4.8).

use fulmar_protocol::UserId;
use fulmar_protocol::text::{self, TextFault};

use crate::defects::{Defect, active};
use crate::error::{Error, Result};

/// Refuses an id that people may not choose.
pub(super) fn check_id(user: &UserId) -> Result<()> {
    let normal = match text::user_id(user.as_str()) {
        Ok(normal) => normal,
        Err(fault) => {
            let mixed = fault == TextFault::MixedScripts && active(Defect::MixedScripts);
            if mixed || active(Defect::AnyUserId) {
                return Ok(());
            }
            return Err(Error::of_text("The id", fault));
        }
    };
    if normal != user.as_str() && !active(Defect::IdsInCapitals) {
        return Err(Error::of_text("The id", TextFault::NotNormal));
    }
    Ok(())
}

/// The form in which a name is stored and told.
pub(super) fn name(wanted: &str) -> Result<String> {
    let normal = text::name(wanted);
    let defect = if normal == Err(TextFault::Misleading) {
        Defect::MisleadingNames
    } else if normal.is_err() {
        Defect::AnyName
    } else {
        Defect::NamesAsTheyCome
    };
    if active(defect) {
        return Ok(wanted.to_owned());
    }
    normal.map_err(|fault| Error::of_text("The name", fault))
}
