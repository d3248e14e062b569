//! What people do while much has piled up.

use std::collections::BTreeSet;
use std::time::Duration;

use fulmar_engine::query::{self, ConversationFilter, Window};
use fulmar_engine::{Command, NetworkState};
use fulmar_protocol::{Method, ReactionAdd, SearchQuery};

use crate::pile::Pile;
use crate::stage::Stage;

/// Something that is done, and everything that follows from it within a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// A message is sent.
    Send,
    /// A message of Bob's comes.
    Receive,
    /// A reaction of Bob's to a message of his comes.
    Reaction,
    /// Everything is marked as read.
    MarkRead,
    /// A draft is written.
    Draft,
    /// The newest page of the timeline is read.
    Timeline,
    /// The first page of the list is read.
    List,
    /// One conversation is read.
    Conversation,
    /// A word is searched that one message has.
    Search,
    /// The network goes and comes, and nothing has happened meanwhile.
    Connect,
    /// The process is started anew.
    Start,
}

impl Action {
    /// Each of them.
    pub const ALL: [Self; 11] = [
        Self::Send,
        Self::Receive,
        Self::Reaction,
        Self::MarkRead,
        Self::Draft,
        Self::Timeline,
        Self::List,
        Self::Conversation,
        Self::Search,
        Self::Connect,
        Self::Start,
    ];

    /// Those that are done where this has piled up. Where it is unsent, a connection takes what sending it takes.
    pub fn among(pile: Pile) -> impl Iterator<Item = Self> {
        let is_offline = pile.is_offline();
        let all = Self::ALL.into_iter();
        all.filter(move |action| !is_offline || *action != Self::Connect)
    }

    /// Does it.
    pub fn act(self, stage: &mut Stage) {
        let reader = || stage.engine().reader();
        match self {
            Self::Send => {
                stage.send();
            }
            Self::Receive => {
                stage.say("bob");
            }
            Self::Reaction => {
                let message_key = stage.say("bob");
                let conversation_id = stage.here.clone();
                let reaction = ReactionAdd {
                    conversation_id,
                    message_key,
                    emoji: "👍".to_owned(),
                };
                stage.act("bob", &Method::ReactionAdd(reaction));
            }
            Self::MarkRead => {
                let here = query::conversation(reader(), None, &stage.here);
                let (conversation, operation_key) = (stage.here.clone(), stage.key());
                stage.command(Command::MarkRead {
                    operation_key,
                    conversation,
                    up_to: here.unwrap().unwrap().last_position,
                });
            }
            Self::Draft => {
                let conversation = stage.here.clone();
                let text = format!("half a thought {}", stage.number());
                stage.command(Command::SetDraft { conversation, text });
            }
            Self::Timeline => {
                query::timeline(reader(), &stage.here, None, Window::Newest).unwrap();
            }
            Self::List => {
                let filter = ConversationFilter::default();
                query::conversations(reader(), None, filter, 50).unwrap();
            }
            Self::Conversation => {
                query::conversation(reader(), None, &stage.here).unwrap();
            }
            Self::Search => {
                let words = SearchQuery::new("word9z");
                query::search(reader(), &words, &BTreeSet::new(), 20).unwrap();
            }
            Self::Connect => {
                stage.go(NetworkState::Unavailable);
                stage.go(NetworkState::Available);
            }
            Self::Start => stage.restart(),
        }
        stage.pass(Duration::from_secs(1));
    }
}
