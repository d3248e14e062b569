//! Pages of history and searches: asked for once, and again when they are outdated.

use super::*;

#[test]
fn the_same_page_asked_for_twice_is_one_request() {
    let mut desk = Desk::new();
    let (request, call) = desk.ask(1, before(90)).unwrap();
    assert!(matches!(call, ApiRequest::Messages { limit: 50, .. }));
    assert!(desk.ask(2, before(90)).is_none());
    assert!(desk.ask(3, before(80)).is_some(), "another page is another");
    let step = desk.answer(request, Ok(messages_of("c", &[88, 89])));
    let done = [
        (CommandId(1), Ok(Reply::Done)),
        (CommandId(2), Ok(Reply::Done)),
    ];
    assert_eq!(step.replies, done);
    assert!(
        desk.ask(4, before(90)).is_some(),
        "it is not under way any more"
    );
}

#[test]
fn an_outdated_page_is_asked_for_again_for_all_who_wait() {
    let mut desk = Desk::new();
    let (request, _) = desk.ask(1, before(90)).unwrap();
    desk.ask(2, before(90));
    desk.online.outdate();
    let step = desk.answer(request, Ok(messages_of("c", &[89])));
    assert!(step.replies.is_empty() && step.result.is_empty());
    let (request, _) = asked(&step).expect("it is asked for again");
    // Who comes now waits for the fresh one.
    assert!(desk.ask(3, before(90)).is_none());
    let step = desk.answer(request, Ok(messages_of("c", &[89])));
    assert_eq!(step.replies.len(), 3);
    assert!(matches!(&step.result[..], [OnlineNews::Page { messages, .. }] if messages.len() == 1));
}

#[test]
fn an_outdated_search_is_asked_again() {
    let mut desk = Desk::new();
    let (request, _) = desk.ask(1, search()).unwrap();
    desk.online.outdate();
    let step = desk.answer(request, Ok(found(&[40])));
    assert!(step.replies.is_empty() && step.result.is_empty());
    let (request, _) = asked(&step).expect("it is asked again");
    let step = desk.answer(request, Ok(found(&[40])));
    assert!(
        matches!(&step.replies[..], [(_, Ok(Reply::Searched { keys, .. }))] if *keys == [key(40)])
    );
}

#[test]
fn an_outdated_page_of_a_conversation_that_is_gone_is_done() {
    let mut desk = Desk::new();
    let (request, _) = desk.ask(1, before(90)).unwrap();
    desk.bench.run(|tx| {
        let place = conversations::find(&tx.db, &conversation_id("c"))
            .unwrap()
            .unwrap();
        conversations::set_gone(&tx.db, place).unwrap();
        assert!(conversations::remove_if_gone(&tx.db, place).unwrap());
    });
    desk.online.outdate();
    let step = desk.answer(request, Ok(messages_of("c", &[89])));
    assert_eq!(step.replies, [(CommandId(1), Ok(Reply::Done))]);
    assert!(asked(&step).is_none());
}

#[test]
fn an_outdated_page_that_cannot_be_asked_for_again_is_told() {
    let mut desk = Desk::new();
    let (request, _) = desk.ask(1, before(90)).unwrap();
    desk.online.outdate();
    let online = &mut desk.online;
    let step = desk.bench.run(|tx| {
        let answer = Ok(messages_of("c", &[89]));
        let token = Err(CommandError::SignedOut);
        online.answered(tx, request, answer, token, PAGE).unwrap()
    });
    assert_eq!(step.replies, [(CommandId(1), Err(CommandError::SignedOut))]);
}

#[test]
fn only_what_is_missing_is_asked_for() {
    for (question, limit) in [
        (before(1), None),
        (before(100), None),
        (before(91), Some(PAGE)),
        (before(4), Some(3)),
        (page(HistoryPage::After(Position(100))), None),
        (page(HistoryPage::After(Position(88))), Some(2)),
        (page(HistoryPage::Around(Anchor::At(Position(95)))), None),
        (page(HistoryPage::Around(Anchor::Message(key(95)))), None),
        (
            page(HistoryPage::Around(Anchor::At(Position(5)))),
            Some(PAGE),
        ),
        // An app may ask for anything.
        (before(u64::MAX), Some(PAGE)),
        (page(HistoryPage::After(Position(u64::MAX))), None),
        (
            page(HistoryPage::Around(Anchor::At(Position(u64::MAX)))),
            Some(PAGE),
        ),
    ] {
        let mut desk = Desk::new();
        let (step, asked) = desk.ask_with(1, question.clone(), token());
        let asked = asked.map(|(_, call)| match call {
            ApiRequest::Messages { limit, .. } => limit,
            other => panic!("{other:?}"),
        });
        assert_eq!(asked, limit, "{question:?}");
        assert_eq!(
            step.replies.len(),
            usize::from(limit.is_none()),
            "{question:?}"
        );
    }
}

#[test]
fn a_page_cannot_write_into_another_conversation_or_beyond_what_was_asked() {
    let mut desk = Desk::new();
    let (request, _) = desk.ask(1, before(90)).unwrap();
    let mut answer = vec![message("c", 89), message("c", 90), message("d", 80)];
    answer.push(message("c", 91));
    let step = desk.answer(
        request,
        Ok(Answer::Messages(MessagePage {
            messages: answer.into(),
            anchor: None,
        })),
    );
    let [OnlineNews::Page { messages: page, .. }] = &step.result[..] else {
        panic!("{:?}", step.result);
    };
    let keys: Vec<OperationKey> = page.iter().map(|message| message.operation_key).collect();
    assert_eq!(keys, [key(89)]);
}

#[test]
fn what_a_search_finds_elsewhere_is_not_told() {
    let mut desk = Desk::new();
    let (request, _) = desk.ask(1, search()).unwrap();
    let answer = Answer::Search(SearchPage {
        messages: vec![message("elsewhere", 3), message("c", 40)].into(),
        cursor: Some("next".to_owned()),
    });
    let step = desk.answer(request, Ok(answer));
    let [(_, Ok(Reply::Searched { keys, cursor }))] = &step.replies[..] else {
        panic!("{:?}", step.replies);
    };
    assert_eq!(
        (&keys[..], cursor.as_deref()),
        (&[key(40)][..], Some("next"))
    );
    assert!(matches!(&step.result[..], [OnlineNews::Found(all)] if all.len() == 1));
}
