//! What the user asks about their own account: now or not at all, because only the server knows
//! (PROTOCOL.md §7.1, §7.4).

use fulmar_protocol::{ApiRequest, MeUpdate, SessionId};

use crate::brain::Purpose;
use crate::effect::{CommandError, CommandId};
use crate::turn::Turn;

type Asked = std::result::Result<(), CommandError>;

impl Turn<'_> {
    pub(crate) fn update_me(&mut self, command: CommandId, update: MeUpdate) -> Asked {
        let token = self.online_token()?;
        let purpose = Purpose::UpdateMe { command };
        self.request(ApiRequest::UpdateMe(update), purpose, Some(token));
        Ok(())
    }

    pub(crate) fn fetch_sessions(&mut self, command: CommandId) -> Asked {
        let token = self.online_token()?;
        let purpose = Purpose::Sessions { command };
        self.request(ApiRequest::Sessions, purpose, Some(token));
        Ok(())
    }

    pub(crate) fn ask_to_end(&mut self, command: CommandId, session: SessionId) -> Asked {
        let token = self.online_token()?;
        let purpose = Purpose::EndSession { command };
        self.request(ApiRequest::EndSession(session), purpose, Some(token));
        Ok(())
    }
}
