//! Every question under way and everything that can come of it: what is told, and what is asked again.

use super::*;
use crate::online::ask::{Ask, Freshness};
use crate::testing::answers::{every_answer, every_failure, me};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Page,
    /// A message to jump to.
    Around,
    Search,
    /// A search in one conversation.
    SearchHere,
    Versions,
    Account,
    Blocks,
    DeleteAccount,
}

/// What happened while it was on its way.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meanwhile {
    Nothing,
    /// Messages went from here that may have changed.
    Outdated,
    OutdatedAndOffline,
    /// The conversation was removed.
    Removed,
    OutdatedAndRemoved,
}

/// What comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Input {
    Messages,
    Found,
    Versions,
    Sessions,
    Done,
    Blocks,
    AccountDeleted,
    OtherAnswer,
    Refused,
    Unreachable,
}

fn question(state: State) -> Question {
    let here = SearchQuery {
        conversation_id: Some(conversation_id("c")),
        ..SearchQuery::new("harbour")
    };
    match state {
        State::Page => before(90),
        State::Around => page(HistoryPage::Around(Anchor::At(Position(40)))),
        State::Search => search(),
        State::SearchHere => Question::Search {
            query: here,
            cursor: None,
        },
        State::Versions => Question::Versions(key(95)),
        State::Account => Question::Account(AccountQuestion::Sessions),
        State::Blocks => Question::Account(AccountQuestion::Block(user("bob"))),
        State::DeleteAccount => {
            Question::Account(AccountQuestion::DeleteAccount(Secret::new("password")))
        }
    }
}

fn back(input: Input) -> Result<Answer, RequestFailure> {
    Ok(match input {
        Input::Messages => messages_of("c", &[40]),
        Input::Found => found(&[40]),
        Input::Versions => Answer::Versions(MessageVersions {
            versions: Vec::new(),
        }),
        Input::Sessions => Answer::Sessions(SessionList {
            sessions: Vec::new(),
        }),
        Input::Done => me("alice"),
        Input::Blocks => Answer::Blocks(BlockList {
            user_ids: vec![user("bob")],
        }),
        Input::AccountDeleted => Answer::AccountDeleted,
        Input::OtherAnswer => Answer::UploadEnded,
        Input::Refused => return Err(problem(Code::ParamsInvalid)),
        Input::Unreachable => return Err(unreachable()),
    })
}

/// What is told and asked, in short; of messages, how many.
fn said(step: &Step<Vec<OnlineNews>>) -> String {
    let news = step.result.iter().map(|news| match news {
        OnlineNews::Page {
            messages,
            unreadable,
            ..
        } => {
            assert_eq!(*unreadable, [], "every message of the table can be read");
            format!(" +page {}", messages.len())
        }
        OnlineNews::Found(messages) => format!(" +found {}", messages.len()),
        OnlineNews::Blocks(_) => " +blocks".to_owned(),
        OnlineNews::AccountDeleted(_) => " +deleted".to_owned(),
    });
    let asked = step.asked.iter().map(|_| " again".to_owned());
    let replies = step.replies.iter().map(|(command, reply)| {
        assert_eq!(*command, CommandId(1));
        let name = match reply {
            Ok(Reply::Done) => "done",
            Ok(Reply::Found { .. }) => "place",
            Ok(Reply::Searched { .. }) => "keys",
            Ok(Reply::Versions(_)) => "versions",
            Ok(Reply::Sessions(_)) => "sessions",
            Err(CommandError::Refused { .. }) => "refused",
            Err(CommandError::Unreachable { .. }) => "unreachable",
            Err(CommandError::ForeignAnswer { .. }) => "foreign",
            Err(CommandError::SignedOut) => "signedOut",
            Err(CommandError::NoSuchConversation { .. }) => "noConversation",
            other => panic!("{other:?}"),
        };
        format!(" ={name}")
    });
    news.chain(asked)
        .chain(replies)
        .collect::<String>()
        .trim_start()
        .to_owned()
}

impl Desk {
    /// A conversation as at the beginning, and nothing under way.
    fn begin_anew(&mut self) {
        self.online = Online::default();
        let own = user("alice");
        self.bench.run(|tx| {
            let view = conversation("c", 100);
            let place = conversations::upsert(&tx.db, &view, Some(&own)).unwrap();
            for at in 91..=100 {
                let message = message("c", at);
                messages::upsert_confirmed(&tx.db, place, &message, Some(&own)).unwrap();
            }
        });
    }

    fn remove(&mut self) {
        self.bench.run(|tx| {
            let place = conversations::find(&tx.db, &conversation_id("c"))
                .unwrap()
                .unwrap();
            conversations::set_gone(&tx.db, place).unwrap();
            assert!(conversations::remove_if_gone(&tx.db, place).unwrap());
        });
    }

    /// Asks, and lets this happen before there is an answer.
    fn under_way(&mut self, state: State, meanwhile: Meanwhile) -> RequestId {
        self.begin_anew();
        let (request, _) = self.ask(1, question(state)).unwrap();
        match meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::Outdated | Meanwhile::OutdatedAndOffline => self.online.outdate(),
            Meanwhile::Removed => self.remove(),
            Meanwhile::OutdatedAndRemoved => {
                self.remove();
                self.online.outdate();
            }
        }
        request
    }

    fn comes_back(
        &mut self,
        request: RequestId,
        meanwhile: Meanwhile,
        result: Result<Answer, RequestFailure>,
    ) -> Step<Vec<OnlineNews>> {
        let online = &mut self.online;
        let token = match meanwhile {
            Meanwhile::OutdatedAndOffline => Err(CommandError::SignedOut),
            Meanwhile::Nothing
            | Meanwhile::Outdated
            | Meanwhile::Removed
            | Meanwhile::OutdatedAndRemoved => token(),
        };
        self.bench
            .run(|tx| online.answered(tx, request, result, token, PAGE).unwrap())
    }
}

#[rustfmt::skip]
fn states() -> [State; 8] {
    every!(State {
        State::Page => [State::Page],
        State::Around => [State::Around],
        State::Search => [State::Search],
        State::SearchHere => [State::SearchHere],
        State::Versions => [State::Versions],
        State::Account => [State::Account],
        State::Blocks => [State::Blocks],
        State::DeleteAccount => [State::DeleteAccount],
    })
}

#[rustfmt::skip]
fn meanwhiles() -> [Meanwhile; 5] {
    every!(Meanwhile {
        Meanwhile::Nothing => [Meanwhile::Nothing],
        Meanwhile::Outdated => [Meanwhile::Outdated],
        Meanwhile::OutdatedAndOffline => [Meanwhile::OutdatedAndOffline],
        Meanwhile::Removed => [Meanwhile::Removed],
        Meanwhile::OutdatedAndRemoved => [Meanwhile::OutdatedAndRemoved],
    })
}

#[rustfmt::skip]
fn inputs() -> [Input; 10] {
    every!(Input {
        Input::Messages => [Input::Messages],
        Input::Found => [Input::Found],
        Input::Versions => [Input::Versions],
        Input::Sessions => [Input::Sessions],
        Input::Done => [Input::Done],
        Input::Blocks => [Input::Blocks],
        Input::AccountDeleted => [Input::AccountDeleted],
        Input::OtherAnswer => [Input::OtherAnswer],
        Input::Refused => [Input::Refused],
        Input::Unreachable => [Input::Unreachable],
    })
}

/// The table: what is told, and whether it is asked again.
fn after(state: State, meanwhile: Meanwhile, input: Input) -> &'static str {
    match (state, input) {
        // A failure is told whatever happened meanwhile: nothing is tried again.
        (_, Input::Refused) => "=refused",
        (_, Input::Unreachable) => "=unreachable",
        (State::Page | State::Around | State::Search | State::SearchHere, _) => {
            of_messages(state, meanwhile, input)
        }
        // The others tell nothing of messages that could be outdated.
        (State::Versions | State::Account, Input::Versions) => "=versions",
        (State::Versions | State::Account, Input::Sessions) => "=sessions",
        (State::Versions | State::Account, Input::Done) => "=done",
        (State::Blocks, Input::Blocks) => "+blocks =done",
        // It is answered when the store is empty.
        (State::DeleteAccount, Input::AccountDeleted) => "+deleted",
        (
            State::Versions | State::Account | State::Blocks | State::DeleteAccount,
            Input::Messages
            | Input::Found
            | Input::Versions
            | Input::Sessions
            | Input::Done
            | Input::Blocks
            | Input::AccountDeleted
            | Input::OtherAnswer,
        ) => "=foreign",
    }
}

fn of_messages(state: State, meanwhile: Meanwhile, input: Input) -> &'static str {
    let fits = match state {
        State::Page | State::Around => input == Input::Messages,
        State::Search | State::SearchHere => input == Input::Found,
        State::Versions | State::Account | State::Blocks | State::DeleteAccount => false,
    };
    match (meanwhile, state) {
        (Meanwhile::Outdated, _) => "again",
        (Meanwhile::OutdatedAndOffline, _) => "=signedOut",
        (Meanwhile::OutdatedAndRemoved, State::Page) => "=done",
        (Meanwhile::OutdatedAndRemoved, State::Around) => "=place",
        (Meanwhile::OutdatedAndRemoved, State::SearchHere) => "=noConversation",
        (Meanwhile::OutdatedAndRemoved, _) => "again",
        (Meanwhile::Nothing | Meanwhile::Removed, _) if !fits => "=foreign",
        (Meanwhile::Nothing, State::Page) => "+page 1 =done",
        (Meanwhile::Nothing, State::Around) => "+page 1 =place",
        (Meanwhile::Nothing, _) => "+found 1 =keys",
        // What belongs to a conversation that is not here is not taken.
        (Meanwhile::Removed, State::Page) => "+page 0 =done",
        (Meanwhile::Removed, State::Around) => "+page 0 =place",
        (Meanwhile::Removed, _) => "+found 0 =keys",
    }
}

#[test]
fn every_question_and_everything_that_can_come_of_it() {
    let mut desk = Desk::new();
    for state in states() {
        for meanwhile in meanwhiles() {
            for input in inputs() {
                let case = format!("{state:?}, {meanwhile:?}: {input:?}");
                let request = desk.under_way(state, meanwhile);
                let step = desk.comes_back(request, meanwhile, back(input));
                let told = said(&step);
                assert_eq!(told, after(state, meanwhile, input), "{case}");
                assert_eq!(
                    desk.online.asks.len(),
                    usize::from(told == "again"),
                    "{case}"
                );
                // An answer comes once.
                let again = desk.comes_back(request, meanwhile, back(input));
                assert_eq!(said(&again), "", "{case}");
                assert!(fresh(&desk), "{case}: asked again, it is up to date");
            }
        }
    }
}

fn fresh(desk: &Desk) -> bool {
    desk.online.asks.values().all(|ask| match ask {
        Ask::Page { freshness, .. } | Ask::Search { freshness, .. } => {
            *freshness == Freshness::Fresh
        }
        Ask::Tell(_) | Ask::Blocks(_) | Ask::DeleteAccount(_) => true,
    })
}

/// Signed out: who waits is told so once, and what comes back is nobody's.
#[test]
fn what_comes_back_after_the_end_is_nobodys() {
    let mut desk = Desk::new();
    for state in states() {
        for meanwhile in meanwhiles() {
            let request = desk.under_way(state, meanwhile);
            let online = &mut desk.online;
            let step = desk.bench.run(|tx| online.stop(tx));
            assert_eq!(step.replies, [(CommandId(1), Err(CommandError::SignedOut))]);
            for input in inputs() {
                let late = desk.comes_back(request, meanwhile, back(input));
                assert_eq!(said(&late), "", "{state:?}, {meanwhile:?}: {input:?}");
            }
        }
    }
}

/// Every question there is, and every kind of answer and of failure: the app is told once.
#[test]
fn every_kind_of_answer_is_told_once() {
    let mut desk = Desk::new();
    for question in questions() {
        let failures = every_failure().map(Err);
        for result in every_answer().map(Ok).into_iter().chain(failures) {
            desk.begin_anew();
            let (request, call) = desk.ask(1, question.clone()).unwrap();
            let case = format!("{question:?}: {result:?}");
            let deletes = result == Ok(Answer::AccountDeleted)
                && matches!(call, ApiRequest::DeleteAccount(_));
            let step = desk.comes_back(request, Meanwhile::Nothing, result);
            assert_eq!(step.replies.len(), usize::from(!deletes), "{case}");
            assert!(
                step.asked.is_empty() && desk.online.asks.is_empty(),
                "{case}"
            );
        }
    }
}

/// What is under way is not asked for a second time if one answer serves both.
#[test]
fn every_question_twice() {
    let mut desk = Desk::new();
    for first in states() {
        for second in states() {
            desk.begin_anew();
            desk.ask(1, question(first)).unwrap();
            let asked = desk.ask(2, question(second)).is_some();
            let shared = first == second && matches!(first, State::Page | State::Around);
            assert_eq!(asked, !shared, "{first:?}, {second:?}");
        }
    }
}
