//! Something to talk to: two users, one conversation, two messages.

use fulmar_protocol::{
    ConversationCreate, ConversationKind, MessageSend, Method, Operation, OutcomeStatus, Secret,
    Timestamp, UserId,
};

use super::Backend;
use crate::error::{BackendError, Error};
use crate::operations::apply_all;

/// Who is in the demo data: user, name and password.
const PEOPLE: [(&str, &str, &str); 2] = [
    ("alice", "Alice", "alice-password"),
    ("bob", "Bob", "bob-password"),
];

impl Backend {
    /// Adds the users `alice` and `bob` (passwords `alice-password` and `bob-password`) and their
    /// group "General Chat" with two messages. Does nothing where they exist already.
    pub fn seed_demo(&mut self, now: Timestamp) -> Result<(), BackendError> {
        for (user, name, password) in PEOPLE {
            let user = user_id(user)?;
            match self.add_user(&user, name, &Secret::from(password), now) {
                Ok(()) => {}
                // The database has been seeded before.
                Err(BackendError::Refused(_)) => return Ok(()),
                Err(
                    error @ (BackendError::Database(_)
                    | BackendError::NewerVersion { .. }
                    | BackendError::Foreign),
                ) => return Err(error),
            }
        }
        let [alice, bob] = [user_id("alice")?, user_id("bob")?];
        let seeded = self.service.quiet(now, |rooms, tx| {
            let create = Operation::new(
                tx.new_operation_key(),
                &Method::ConversationCreate(ConversationCreate {
                    kind: ConversationKind::Group,
                    title: Some("General Chat".to_owned()),
                    avatar_url: None,
                    context: None,
                    participant_ids: vec![bob.clone()],
                }),
            );
            let outcomes = apply_all(rooms, tx, &alice, std::slice::from_ref(&create))?;
            let Some(OutcomeStatus::Applied {
                conversation: Some(conversation),
                ..
            }) = outcomes.into_iter().next().map(|outcome| outcome.status)
            else {
                return Err(Error::Internal(
                    "the demo conversation was refused".to_owned(),
                ));
            };
            for (sender, text) in [
                (&alice, "Hello, and welcome to General Chat!"),
                (&bob, "Hi Alice, good to be here."),
            ] {
                let send = Operation::new(
                    tx.new_operation_key(),
                    &Method::MessageSend(MessageSend::text(
                        conversation.conversation_id.clone(),
                        text,
                    )),
                );
                apply_all(rooms, tx, sender, &[send])?;
            }
            Ok(())
        });
        seeded.map_err(|error| BackendError::Refused(error.into_problem()))
    }
}

fn user_id(text: &str) -> Result<UserId, BackendError> {
    UserId::new(text).map_err(|error| BackendError::Refused(Error::from(error).into_problem()))
}
