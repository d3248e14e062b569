//! What others see of a user: name, picture, and whether they are there (PROTOCOL.md §7.4).

use fulmar_protocol::text::check_avatar_url;
use fulmar_protocol::{Me, MeUpdate, User, UserId, UserList, UserUpdated};

use super::chosen::name;
use super::{AccountNews, Accounts};
use crate::actor::Caller;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::blocks;
use crate::store::users::{self, write};
use crate::tx::Tx;

impl Accounts {
    pub(crate) fn me(&self, tx: &Tx<'_>, caller: &Caller) -> Result<Me> {
        let user = users::find(tx.db(), &caller.user_id)?;
        let (name, avatar_url) = user
            .map(|user| (user.name, user.avatar_url))
            .unwrap_or_default();
        Ok(Me {
            user_id: caller.user_id.clone(),
            name,
            avatar_url,
            device_id: caller.device_id.clone(),
            server_time: tx.now(),
        })
    }

    pub(crate) fn update_me(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        update: MeUpdate,
    ) -> Result<Vec<AccountNews>> {
        let mut news = Vec::new();
        if let Some(setting) = update.presence {
            write::set_presence(tx.db(), user, setting)?;
            news.push(AccountNews::PresenceSettingChanged(user.clone()));
        }
        let Some(before) = users::find(tx.db(), user)? else {
            return Ok(news);
        };
        let wanted = update.name.filter(|_| !active(Defect::NoNewName));
        let name = match wanted {
            Some(wanted) => name(&wanted)?,
            None => before.name.clone(),
        };
        if active(Defect::HalfAProfile) {
            write::set_profile(tx.db(), user, &name, before.avatar_url.as_deref())?;
        }
        let avatar_url = match update.avatar_url {
            Some(url) => (!url.is_empty()).then_some(url),
            None => before.avatar_url.clone(),
        };
        if let Some(url) = &avatar_url {
            check_avatar_url(url)
                .map_err(|fault| Error::of_text("The address of the picture", fault))?;
        }
        if name == before.name && avatar_url == before.avatar_url {
            return Ok(news);
        }
        write::set_profile(tx.db(), user, &name, avatar_url.as_deref())?;
        news.push(AccountNews::ProfileChanged(UserUpdated {
            user_id: user.clone(),
            name,
            avatar_url,
        }));
        Ok(news)
    }

    /// The user has no live connection any more.
    pub(crate) fn set_last_seen(&self, tx: &mut Tx<'_>, user: &UserId) -> Result<()> {
        write::set_last_seen(tx.db(), user, tx.now())
    }

    /// What anyone may know of a user; of one who has blocked the viewer, nothing.
    pub(crate) fn user(&self, tx: &Tx<'_>, viewer: &UserId, id: &UserId) -> Result<User> {
        let blocked = id != viewer && blocks::has(tx.db(), id, viewer)?;
        if blocked && !active(Defect::FindsBlockers) {
            return Err(Error::no_such_user());
        }
        let user = users::find(tx.db(), id)?.ok_or_else(Error::no_such_user)?;
        Ok(User {
            user_id: id.clone(),
            name: user.name,
            avatar_url: user.avatar_url,
        })
    }

    /// Users whose name or id contains a text, by id.
    pub(crate) fn users(
        &self,
        tx: &Tx<'_>,
        viewer: &UserId,
        text: &str,
        limit: u32,
    ) -> Result<UserList> {
        let mut found = Vec::new();
        for id in users::search(tx.db(), text, limit)? {
            match self.user(tx, viewer, &id) {
                Ok(user) => found.push(user),
                Err(Error::Refused(_)) => {}
                Err(internal @ Error::Internal(_)) => return Err(internal),
            }
        }
        Ok(UserList { users: found })
    }
}
