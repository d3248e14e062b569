//! What a person may see of connection and session, told to the driver when it has changed; and the rows of
//! the list that have to be computed again before the commit.

use super::Route;
use crate::defects::{self, Defect};
use crate::io::{ConnectionState, Effect, Topic};
use crate::store::{Result, StoreError, conversations};
use crate::tx::Released;
use crate::view::list_row;

impl Route<'_, '_> {
    /// The end of the batch: what changed is shown, everything is committed, and the effects come out.
    pub(crate) fn commit(mut self) -> std::result::Result<Released, StoreError> {
        self.refresh_touched()?;
        self.publish();
        self.tx.commit()
    }

    fn refresh_touched(&mut self) -> Result<()> {
        let own = self.state.session.owner();
        let (touched, vanished) = self.tx.take_touched();
        for key in &touched {
            if conversations::exists(&self.tx.db, *key)?
                && !conversations::remove_if_gone(&self.tx.db, *key)?
            {
                list_row::refresh(&self.tx.db, *key, own)?;
            }
        }
        if !touched.is_empty() || !vanished.is_empty() {
            self.tx.emit(Effect::Changed(Topic::Conversations));
        }
        let told = match defects::active(Defect::TellsOfOne) {
            true => 1,
            false => usize::MAX,
        };
        for key in touched.union(&vanished).take(told) {
            self.tx.emit(Effect::Changed(Topic::Timeline(*key)));
        }
        Ok(())
    }

    fn publish(&mut self) {
        let connection = self.connection();
        if self.state.shown.connection.as_ref() != Some(&connection) {
            self.state.shown.connection = Some(connection.clone());
            self.tx.emit(Effect::Connection(connection));
        }
        let session = self.state.session.show();
        if self.state.shown.session.as_ref() != Some(&session) {
            self.state.shown.session = Some(session.clone());
            self.tx.emit(Effect::Session(session));
        }
    }

    fn connection(&self) -> ConnectionState {
        let state = &*self.state;
        if !state.session.signed_in() {
            return ConnectionState::SignedOut;
        }
        let has_token = state.session.usable_token(self.tx.now.mono).is_some();
        state
            .link
            .show(has_token, state.sync.is_current())
            .unwrap_or_else(|| state.session.show_wait(self.tx.now))
    }
}
