//! The mock server keeps every rule, and the suite can fail: broken on purpose, it is caught by the
//! right check.
#![allow(clippy::unwrap_used, clippy::panic)]

use fulmar_conformance::{Backend, Report, run};
use fulmar_mock_server::{Action, Fault, FrameKind, MockServer, When, Where};

async fn judge(faults: impl IntoIterator<Item = Fault>) -> Vec<Report> {
    let server = MockServer::builder().demo().start().await.unwrap();
    for fault in faults {
        server.faults().add(fault);
    }
    run(&Backend {
        url: server.url(),
        user: "alice".to_owned(),
        password: "alice-password".to_owned(),
        other_user: "bob".to_owned(),
        other_password: "bob-password".to_owned(),
    })
    .await
}

fn broken(reports: &[Report]) -> Vec<&str> {
    reports
        .iter()
        .filter(|report| report.result.is_err())
        .map(|report| report.section)
        .collect()
}

#[tokio::test]
async fn the_mock_server_keeps_every_rule() {
    let reports = judge([]).await;
    assert!(reports.len() >= 18);
    let failures: Vec<&Report> = reports
        .iter()
        .filter(|report| report.result.is_err())
        .collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn a_wrong_pong_is_caught() {
    let wrong = "{\"type\":\"pong\",\"id\":0,\"head\":0}".to_owned();
    let pong = Where::Outgoing(FrameKind::Pong);
    let reports = judge([When::at(pong).always().then(Action::Replace(wrong))]).await;
    assert_eq!(broken(&reports), ["3.5"]);
}

#[tokio::test]
async fn a_server_that_answers_every_submit_alike_is_caught() {
    let answer = "{\"outcomes\":[{\"operationKey\":\"0190b5f0-0000-7000-8000-000000000001\",\
                  \"status\":\"applied\",\"conversation\":{\"conversationId\":\"c\"}}]}";
    let submit = Where::Http("/v1/operations".to_owned());
    let fault = When::at(submit).after(1).always();
    let reports = judge([fault.then(Action::Replace(answer.to_owned()))]).await;
    for section in ["2.4", "4.1", "4.2", "5.1", "5.2"] {
        assert!(broken(&reports).contains(&section), "{section}");
    }
}

#[tokio::test]
async fn a_page_without_messages_is_caught() {
    let page = Where::Http("/v1/conversations".to_owned());
    let empty = Action::Replace("{\"messages\":[]}".to_owned());
    let reports = judge([When::at(page).always().then(empty)]).await;
    assert!(broken(&reports).contains(&"7.5"));
}
