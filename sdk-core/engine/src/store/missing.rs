//! What of a run is missing on this device. Places are dense, so it is plain arithmetic; what could not be read is
//! missing, but there is no use in asking for it.

use fulmar_protocol::Position;
use rusqlite::{Connection, params};

use super::runs::{Missing, Run, place_of};
use super::{Result, unreadable};

impl Run {
    /// The run of missing messages that ends just before a place; `None` when that one is here. Those that
    /// could not be read are not asked for: what lies before them is.
    pub(crate) fn missing_before(
        self,
        db: &Connection,
        before: Position,
    ) -> Result<Option<Missing>> {
        let unreadable = unreadable::places(db, self)?;
        let mut newest = Position(before.0.saturating_sub(1));
        while unreadable.contains(&newest) {
            newest.0 -= 1;
        }
        let below = self.nearest(db, "max", "<", newest.next())?;
        let below = below.unwrap_or_default();
        Ok((below < newest).then_some((below.next(), newest)))
    }

    /// The run of missing messages that begins just after a place, up to `head`, in the same way.
    pub(crate) fn missing_after(
        self,
        db: &Connection,
        after: Position,
        head: Position,
    ) -> Result<Option<Missing>> {
        let unreadable = unreadable::places(db, self)?;
        let mut oldest = after.next();
        while unreadable.contains(&oldest) {
            oldest = oldest.next();
        }
        let after = Position(oldest.0 - 1);
        let above = self.nearest(db, "min", ">", after)?.unwrap_or(head.next());
        Ok((oldest < above).then_some((oldest, Position(above.0 - 1))))
    }

    fn nearest(
        self,
        db: &Connection,
        which: &str,
        side: &str,
        of: Position,
    ) -> Result<Option<Position>> {
        let (place, within) = self.sql();
        let sql = format!(
            "SELECT {which}({place}) FROM message
             WHERE conversation = ?1 AND {within} AND {place} {side} ?3"
        );
        let of = of.0.min(i64::MAX as u64);
        Ok(db
            .prepare_cached(&sql)?
            .query_row(params![self.conversation.0, self.root(), of], place_of)?)
    }

    /// The place from which on everything up to one is missing without use in asking for it; that one itself where
    /// there is nothing of the kind.
    pub(crate) fn below_unreadable(self, db: &Connection, mut place: Position) -> Result<Position> {
        let unreadable = unreadable::places(db, self)?;
        while place.0 > 1 && unreadable.contains(&Position(place.0 - 1)) {
            place.0 -= 1;
        }
        Ok(place)
    }
}
