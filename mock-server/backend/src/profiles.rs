//! What others see of a user: name, picture, and whether they are there (PROTOCOL.md §7.4).

use fulmar_protocol::{Code, EventData, Me, MeUpdate, People, Person, UserId, UserUpdated};

use crate::accounts::Caller;
use crate::store::{blocks, participants, users};
use crate::{Error, Result, Scope};

/// The longest name of a user, in bytes (PROTOCOL.md §7.1).
pub(crate) const NAME_BYTES: usize = 200;
/// The longest address of a picture, in bytes (PROTOCOL.md §9).
const URL_BYTES: usize = 2_048;

impl Scope<'_, '_> {
    pub(crate) fn me(&self, caller: &Caller) -> Result<Me> {
        let user = users::find(self.tx.db(), &caller.user_id)?;
        let (name, avatar_url) = user
            .map(|user| (user.name, user.avatar_url))
            .unwrap_or_default();
        Ok(Me {
            user_id: caller.user_id.clone(),
            name,
            avatar_url,
            device_id: caller.device_id.clone(),
            server_time: self.tx.now(),
        })
    }

    pub(crate) fn update_me(&mut self, user: &UserId, update: MeUpdate) -> Result<()> {
        if let Some(setting) = update.presence {
            users::write::set_presence(self.tx.db(), user, setting)?;
            self.tx.pending.notify_presence.insert(user.clone());
        }
        let Some(before) = users::find(self.tx.db(), user)? else {
            return Ok(());
        };
        let name = update.name.unwrap_or_else(|| before.name.clone());
        let avatar_url = match update.avatar_url {
            Some(url) => (!url.is_empty()).then_some(url),
            None => before.avatar_url.clone(),
        };
        let url_bytes = avatar_url.as_ref().map_or(0, String::len);
        if name.trim().is_empty() || name.len() > NAME_BYTES || url_bytes > URL_BYTES {
            return Err(Error::refused(
                Code::ParamsInvalid,
                "The name is blank or too long, or the address of the picture too long",
            ));
        }
        if name == before.name && avatar_url == before.avatar_url {
            return Ok(());
        }
        users::write::set_profile(self.tx.db(), user, &name, avatar_url.as_deref())?;
        let updated = EventData::UserUpdated(UserUpdated {
            user_id: user.clone(),
            name,
            avatar_url,
        });
        for other in participants::circle(self.tx.db(), user, u32::MAX)? {
            self.tell(&other, &updated)?;
        }
        self.tell(user, &updated)
    }

    /// What anyone may know of somebody; of whoever has blocked the viewer, nothing.
    pub(crate) fn person(&self, viewer: &UserId, id: &str) -> Result<Person> {
        let id = UserId::new(id).map_err(|_| Error::no_such_user())?;
        if id != *viewer && blocks::has(self.tx.db(), &id, viewer)? {
            return Err(Error::no_such_user());
        }
        let user = users::find(self.tx.db(), &id)?.ok_or_else(Error::no_such_user)?;
        Ok(Person {
            user_id: id,
            name: user.name,
            avatar_url: user.avatar_url,
        })
    }

    /// People whose name or id contains a text, by id.
    pub(crate) fn people(&self, viewer: &UserId, text: &str) -> Result<People> {
        let mut found = Vec::new();
        for id in users::search(self.tx.db(), text, self.config.limits.page_size)? {
            match self.person(viewer, id.as_str()) {
                Ok(person) => found.push(person),
                Err(Error::Refused(_)) => {}
                Err(internal) => return Err(internal),
            }
        }
        Ok(People { users: found })
    }
}
