//! What the app asks for now or not at all: it hears something, whatever the server says.

use fulmar_engine::{Command, Reply, RequestFailure};
use fulmar_protocol::{
    Anchor, Answer, ApiRequest, Code, HistoryPage, MeUpdate, Position, PushProvider, PushToken,
    SearchQuery, Secret, SessionId,
};

use crate::answers::{at_once, never};
use crate::bench::{Bench, MINUTE, SECOND, SLOW};
use crate::server::{Asked, Said, foreign, problem, user};

fn questions() -> Vec<Command> {
    let conversation: fulmar_protocol::ConversationId = "c-1".parse().unwrap();
    vec![
        Command::FetchSessions,
        Command::EndSession {
            session: SessionId::new("s-1").unwrap(),
        },
        Command::SetPushToken {
            token: Some(PushToken {
                provider: PushProvider::Fcm,
                token: "push".to_owned(),
            }),
        },
        Command::SetPushToken { token: None },
        Command::Block { user: user("bob") },
        Command::Unblock { user: user("bob") },
        Command::DeleteAccount {
            password: Secret::new("correct horse"),
        },
        Command::UpdateMe {
            update: MeUpdate::default(),
        },
        Command::Search {
            query: SearchQuery {
                text: "harbour".to_owned(),
                conversation_id: None,
                sender_id: None,
                from: None,
                until: None,
            },
            cursor: None,
        },
        Command::LoadHistory {
            conversation: conversation.clone(),
            thread: None,
            page: HistoryPage::Around(Anchor::Time(fulmar_protocol::Timestamp(5))),
        },
        Command::LoadHistory {
            conversation,
            thread: None,
            page: HistoryPage::Before(Position(5)),
        },
    ]
}

/// Every question is answered, and nothing but the question was asked.
fn each_is_answered(answer: impl Fn() -> Option<Result<Answer, RequestFailure>> + Clone + 'static) {
    for question in questions() {
        let mut bench = Bench::live();
        for n in 0..60 {
            bench.bob_writes_unheard(&format!("number {n}"));
        }
        bench.server_says(Said::Closed(fulmar_protocol::CloseCode::GoingAway));
        bench.run(SECOND * 5);
        let answer = answer.clone();
        bench.hostile(move |_, asked, _| match asked {
            Asked::Http(ApiRequest::Refresh(_)) => None,
            Asked::Http(_) => match answer() {
                Some(answer) => at_once(Said::Answer(answer)),
                None => never(),
            },
            _ => None,
        });
        let name = format!("{question:?}");
        let commands = [bench.begin(question.clone()), bench.begin(question.clone())];
        bench.run(MINUTE);
        for command in commands {
            assert!(bench.reply(command).is_some(), "{name}");
        }
        bench.run(MINUTE * 2);
        if bench.session != fulmar_engine::SessionState::SignedOut {
            bench.recovers_within(SLOW);
            let command = bench.begin(question);
            bench.run(SECOND);
            let reply = bench.reply(command).expect("a reply");
            assert!(!matches!(reply, Ok(Reply::Enqueued { .. })), "{name}");
        }
    }
}

#[test]
fn a_question_that_is_never_answered_is_answered_here() {
    each_is_answered(|| None);
}

#[test]
fn a_question_that_is_answered_with_something_else_is_answered_here() {
    each_is_answered(|| Some(Ok(Answer::SignedOut)));
    each_is_answered(|| Some(Err(foreign(200))));
}

#[test]
fn a_question_that_is_refused_is_answered_here() {
    for code in [
        Code::TokenInvalid,
        Code::SyncReset,
        Code::RateLimited,
        Code::RouteUnknown,
    ] {
        each_is_answered(move || Some(Err(problem(code.clone()))));
    }
}
