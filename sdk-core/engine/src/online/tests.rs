//! Questions that are asked now or not at all, stepped without an engine.

mod pages;
mod table;

use fulmar_protocol::{
    Anchor, Answer, ApiRequest, BlockList, Code, DeviceId, HistoryPage, Me, MeUpdate, MessagePage,
    MessageVersions, OperationKey, Position, SearchPage, SearchQuery, Secret, SessionId,
    SessionList, Timestamp,
};

use super::{AccountQuestion, Online, OnlineNews, Question};
use crate::facts::OnlineToken;
use crate::io::{CommandError, CommandId, Effect, Reply, RequestFailure, RequestId};
use crate::store::{conversations, messages};
use crate::testing::server::{
    conversation, conversation_id, foreign, key, message, problem, unreachable, user,
};
use crate::testing::{Bench, EPOCH, Step, every};

const PAGE: u32 = 50;

/// What went out.
type Asked = (RequestId, ApiRequest);

struct Desk {
    bench: Bench,
    online: Online,
}

fn token() -> OnlineToken {
    Ok(Secret::new("token"))
}

fn before(place: u64) -> Question {
    page(HistoryPage::Before(Position(place)))
}

fn page(page: HistoryPage) -> Question {
    Question::History {
        conversation: conversation_id("c"),
        thread: None,
        page,
    }
}

fn search() -> Question {
    Question::Search {
        query: SearchQuery::new("harbour"),
        cursor: None,
    }
}

fn messages_of(conversation: &str, positions: &[u64]) -> Answer {
    let messages = positions.iter().map(|at| message(conversation, *at));
    Answer::Messages(MessagePage {
        messages: messages.collect(),
        anchor: None,
    })
}

fn found(positions: &[u64]) -> Answer {
    Answer::Search(SearchPage {
        messages: positions.iter().map(|at| message("c", *at)).collect(),
        cursor: None,
    })
}

/// Every question about the account.
fn account_questions() -> Vec<AccountQuestion> {
    let device = DeviceId::new("phone").unwrap();
    let push_token = || serde_json::from_str(r#"{"provider": "fcm", "token": "t"}"#).unwrap();
    every!(AccountQuestion {
        AccountQuestion::Sessions => [AccountQuestion::Sessions],
        AccountQuestion::EndSession(_) => [
            AccountQuestion::EndSession(SessionId::new("s").unwrap()),
        ],
        AccountQuestion::SetPushToken(_, _) => [
            AccountQuestion::SetPushToken(device.clone(), push_token()),
        ],
        AccountQuestion::RemovePushToken(_) => [AccountQuestion::RemovePushToken(device.clone())],
        AccountQuestion::Block(_) => [AccountQuestion::Block(user("bob"))],
        AccountQuestion::Unblock(_) => [AccountQuestion::Unblock(user("bob"))],
        AccountQuestion::DeleteAccount(_) => [
            AccountQuestion::DeleteAccount(Secret::new("password")),
        ],
        AccountQuestion::UpdateMe(_) => [AccountQuestion::UpdateMe(MeUpdate::default())],
    })
    .to_vec()
}

/// Every question; of each it is not known here what the answer is.
fn questions() -> Vec<Question> {
    let mut questions = vec![
        before(90),
        page(HistoryPage::After(Position(10))),
        page(HistoryPage::Around(Anchor::At(Position(40)))),
        page(HistoryPage::Around(Anchor::Message(key(40)))),
        page(HistoryPage::Around(Anchor::Time(Timestamp(EPOCH)))),
        search(),
        Question::Versions(key(95)),
    ];
    questions.extend(account_questions().into_iter().map(Question::Account));
    questions
}

/// The answer that goes with what was asked.
fn answer_to(call: &ApiRequest) -> Answer {
    match call {
        ApiRequest::Messages { .. } => messages_of("c", &[40]),
        ApiRequest::Search { .. } => found(&[40]),
        ApiRequest::Versions { .. } => Answer::Versions(MessageVersions {
            versions: Vec::new(),
        }),
        ApiRequest::Sessions => Answer::Sessions(SessionList {
            sessions: Vec::new(),
        }),
        ApiRequest::EndSession(_) => Answer::SessionEnded,
        ApiRequest::SetPushToken { .. } | ApiRequest::RemovePushToken { .. } => {
            Answer::PushTokenNoted
        }
        ApiRequest::UpdateMe(_) => Answer::Me(Me {
            user_id: user("alice"),
            name: "Alice".to_owned(),
            avatar_url: None,
            device_id: DeviceId::new("phone").unwrap(),
            server_time: Timestamp(EPOCH),
        }),
        ApiRequest::Block(_) | ApiRequest::Unblock(_) => Answer::Blocks(BlockList {
            user_ids: vec![user("bob")],
        }),
        ApiRequest::DeleteAccount(_) => Answer::AccountDeleted,
        other => panic!("nobody asks this: {other:?}"),
    }
}

impl Desk {
    /// With the conversation "c" up to the hundredth message, of which the last ten are here.
    fn new() -> Self {
        let mut bench = Bench::new();
        let view = conversation("c", 100);
        let own = user("alice");
        bench.run(|tx| {
            let place = conversations::upsert(&tx.db, &view, Some(&own)).unwrap();
            for at in 91..=100 {
                let message = message("c", at);
                messages::upsert_confirmed(&tx.db, place, &message, Some(&own)).unwrap();
            }
        });
        Self {
            bench,
            online: Online::default(),
        }
    }

    fn ask_with(
        &mut self,
        command: u64,
        question: Question,
        token: OnlineToken,
    ) -> (Step<Result<(), CommandError>>, Option<Asked>) {
        let online = &mut self.online;
        let step = self.bench.run(|tx| {
            let command = CommandId(command);
            online.ask(tx, command, question, token, PAGE).unwrap()
        });
        let asked = asked(&step);
        (step, asked)
    }

    fn ask(&mut self, command: u64, question: Question) -> Option<Asked> {
        let (step, asked) = self.ask_with(command, question, token());
        assert_eq!(step.result, Ok(()));
        asked
    }

    fn answer(
        &mut self,
        request: RequestId,
        result: Result<Answer, RequestFailure>,
    ) -> Step<Vec<OnlineNews>> {
        let online = &mut self.online;
        self.bench
            .run(|tx| online.answered(tx, request, result, token(), PAGE).unwrap())
    }
}

fn asked<T>(step: &Step<T>) -> Option<Asked> {
    step.effects.iter().find_map(|effect| match effect {
        Effect::Request { request, call, .. } => Some((*request, call.clone())),
        _ => None,
    })
}

#[test]
fn every_question_is_asked_once_and_answered_once() {
    for question in questions() {
        let mut desk = Desk::new();
        let (request, call) = desk.ask(1, question.clone()).expect("it is asked");
        let step = desk.answer(request, Ok(answer_to(&call)));
        let deleted = matches!(&step.result[..], [OnlineNews::AccountDeleted(CommandId(1))]);
        // The command that deletes the account is answered when the store is empty.
        assert_eq!(step.replies.len(), usize::from(!deleted), "{question:?}");
        assert!(
            step.replies.iter().all(|(_, reply)| reply.is_ok()),
            "{question:?}"
        );
        let again = desk.answer(request, Ok(answer_to(&call)));
        assert!(
            again.replies.is_empty() && again.result.is_empty(),
            "{question:?}"
        );
    }
}

#[test]
fn every_failure_is_told_and_nothing_is_tried_again() {
    for question in questions() {
        for failure in [unreachable(), foreign(502), problem(Code::ServerError)] {
            for outdated in [false, true] {
                let mut desk = Desk::new();
                let (request, _) = desk.ask(1, question.clone()).unwrap();
                if outdated {
                    desk.online.outdate();
                }
                let step = desk.answer(request, Err(failure.clone()));
                let case = format!("{question:?} {failure} {outdated}");
                assert!(
                    matches!(&step.replies[..], [(CommandId(1), Err(_))]),
                    "{case}"
                );
                assert!(asked(&step).is_none() && step.result.is_empty(), "{case}");
            }
        }
    }
}

#[test]
fn a_token_that_is_not_accepted_is_no_refusal_of_what_was_asked() {
    for question in questions() {
        for code in [Code::TokenExpired, Code::TokenInvalid] {
            let mut desk = Desk::new();
            let (request, _) = desk.ask(1, question.clone()).unwrap();
            let step = desk.answer(request, Err(problem(code)));
            let reply = &step.replies[..];
            assert!(
                matches!(
                    reply,
                    [(CommandId(1), Err(CommandError::Unreachable { .. }))]
                ),
                "{question:?}: {reply:?}"
            );
        }
    }
}

#[test]
fn an_answer_of_another_kind_is_told_as_none() {
    for question in questions() {
        let mut desk = Desk::new();
        let (request, _) = desk.ask(1, question.clone()).unwrap();
        let step = desk.answer(request, Ok(Answer::UploadEnded));
        let reply = &step.replies[..];
        assert!(
            matches!(
                reply,
                [(CommandId(1), Err(CommandError::ForeignAnswer { .. }))]
            ),
            "{question:?}: {reply:?}"
        );
        assert!(step.result.is_empty());
    }
}

#[test]
fn without_a_token_nothing_is_asked_and_it_is_said() {
    for question in questions() {
        let mut desk = Desk::new();
        let (step, asked) = desk.ask_with(1, question.clone(), Err(CommandError::SignedOut));
        assert_eq!(step.result, Err(CommandError::SignedOut), "{question:?}");
        assert!(asked.is_none() && step.replies.is_empty());
    }
}

#[test]
fn at_the_end_of_the_session_all_are_told() {
    let mut desk = Desk::new();
    let requests: Vec<RequestId> = questions()
        .into_iter()
        .enumerate()
        .map(|(number, question)| desk.ask(number as u64, question).unwrap().0)
        .collect();
    // One more who waits for a page that is under way.
    assert!(desk.ask(900, before(90)).is_none());
    let online = &mut desk.online;
    let step = desk.bench.run(|tx| online.stop(tx));
    assert_eq!(step.replies.len(), requests.len() + 1);
    for (_, reply) in &step.replies {
        assert_eq!(*reply, Err(CommandError::SignedOut));
    }
    for request in requests {
        assert!(desk.answer(request, Ok(found(&[40]))).replies.is_empty());
    }
}

/// With the account its sessions end: whichever is heard first, the app is told that it is deleted.
#[test]
fn a_deletion_of_the_account_is_awaited_beyond_the_end_of_the_session() {
    let mut desk = Desk::new();
    let deletion = Question::Account(AccountQuestion::DeleteAccount(Secret::new("password")));
    let (request, _) = desk.ask(1, deletion).unwrap();
    let (other, _) = desk.ask(2, before(90)).unwrap();
    let online = &mut desk.online;
    let step = desk.bench.run(|tx| online.stop_but_for_deletion(tx));
    assert_eq!(step.result, Some(request));
    assert_eq!(step.replies.len(), 1, "the page");
    assert!(desk.answer(other, Ok(found(&[40]))).replies.is_empty());
    let step = desk.answer(request, Ok(Answer::AccountDeleted));
    assert!(matches!(
        step.result.as_slice(),
        [OnlineNews::AccountDeleted(_)]
    ));
}

#[test]
fn what_is_not_here_cannot_be_asked_about() {
    let mut desk = Desk::new();
    let nowhere = conversation_id("nowhere");
    let question = Question::History {
        conversation: nowhere.clone(),
        thread: None,
        page: HistoryPage::Before(Position(5)),
    };
    let (step, _) = desk.ask_with(1, question, token());
    let missing = Err(CommandError::NoSuchConversation {
        id: nowhere.clone(),
    });
    assert_eq!(step.result, missing);
    let query = SearchQuery {
        conversation_id: Some(nowhere),
        ..SearchQuery::new("x")
    };
    let question = Question::Search {
        query,
        cursor: None,
    };
    assert_eq!(desk.ask_with(1, question, token()).0.result, missing);
    let (step, _) = desk.ask_with(1, Question::Versions(key(5)), token());
    assert_eq!(
        step.result,
        Err(CommandError::NoSuchMessage { key: key(5) })
    );
}

/// Answers overtake each other, and the log overtakes them.
#[test]
fn an_answer_that_something_newer_overtook_says_nothing_of_who_is_blocked() {
    let mut desk = Desk::new();
    for (command, overtaken) in [(1, true), (2, false)] {
        let block = AccountQuestion::Block(user("bob"));
        let (request, call) = desk.ask(command, Question::Account(block)).unwrap();
        if overtaken {
            desk.online.blocks_told();
        }
        let step = desk.answer(request, Ok(answer_to(&call)));
        assert_eq!(step.result.is_empty(), overtaken);
        assert_eq!(step.replies, [(CommandId(command), Ok(Reply::Done))]);
    }
}
