//! Submits that come after a later one of their session, or twice: §5.2.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, token};
use crate::wire::{Socket, WireError, operation_key};

checks! {
    "5.2.5" [M15] "nothing of a submit is applied once a later one of its session was taken" => former;
    "5.2.6" [M15] "a submit that comes twice is not applied again" => copy;
    "5.2.7" [M15] "each session has an order of its own, and a submit needs none" => of_each_session;
    "5.2.8" [] "a submit that was overtaken and is too much was overtaken" => before_limits;
}

/// How a submit goes to the server.
enum Route {
    Http,
    Socket(Box<Socket>),
}

impl Route {
    /// The answer to a submit: its outcomes, or else the problem.
    async fn submit(
        &mut self,
        setting: &Setting<'_>,
        session: &Value,
        (order, operations): (u64, &Value),
    ) -> Result<Value, WireError> {
        match self {
            Self::Http => {
                let body = json!({"order": order, "operations": operations});
                let (status, answer) = setting
                    .http
                    .post("/v1/operations", token(session), &body)
                    .await?;
                ensure!(status == 200 || status >= 400, answer);
                Ok(match &answer["outcomes"] {
                    Value::Null => answer,
                    outcomes => outcomes.clone(),
                })
            }
            Self::Socket(socket) => {
                let submit = json!({"type": "submit", "submitId": order, "order": order,
                                    "operations": operations});
                socket.send(&submit).await?;
                let answers = socket.so_far().await?;
                let answer = answers.iter().find(|frame| frame["submitId"] == order);
                Ok(match answer {
                    Some(frame) if frame["type"] == "outcome" => frame["outcomes"].clone(),
                    Some(frame) => frame["problem"].clone(),
                    None => json!(answers),
                })
            }
        }
    }
}

fn is_overtaken(answer: &Value, by: u64) -> bool {
    answer["code"] == "submit.overtaken" && answer["status"] == 409 && answer["order"] == by
}

async fn former(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("conformance-order").await?;
    let (first, _) = setting.connect(&session, 0, &Value::Null).await?;
    let (second, _) = setting.connect(&session, 0, &Value::Null).await?;
    let (third, _) = setting.connect(&session, 0, &Value::Null).await?;
    let (fourth, _) = setting.connect(&session, 0, &Value::Null).await?;
    let mut newest = 1_000;
    for (mut later, mut earlier) in [
        (Route::Http, Route::Socket(first.into())),
        (Route::Socket(second.into()), Route::Http),
        (Route::Socket(third.into()), Route::Socket(fourth.into())),
        (Route::Http, Route::Http),
    ] {
        newest += 10;
        let went_on = json!([setting.message(&operation_key()?, "what came later")]);
        let outcomes = later.submit(setting, &session, (newest, &went_on)).await?;
        ensure!(outcomes[0]["status"] == "applied", outcomes);
        let there = setting
            .last_message(setting.token(), &setting.conversation)
            .await?;
        let held_up = json!([setting.message(&operation_key()?, "what was held up")]);
        let answer = earlier
            .submit(setting, &session, (newest - 1, &held_up))
            .await?;
        ensure!(is_overtaken(&answer, newest), answer);
        let now = setting
            .last_message(setting.token(), &setting.conversation)
            .await?;
        ensure!(there == now, json!([there, now]));
        newest += 1;
        let outcomes = earlier
            .submit(setting, &session, (newest, &held_up))
            .await?;
        ensure!(outcomes[0]["status"] == "applied", outcomes);
    }
    Ok(())
}

async fn copy(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("conformance-copy").await?;
    let (socket, _) = setting.connect(&session, 0, &Value::Null).await?;
    let mut order = 0;
    for mut route in [Route::Socket(socket.into()), Route::Http] {
        order += 1;
        let blank = setting.message(&operation_key()?, " ");
        let behind = setting.message(&operation_key()?, "behind it");
        let operations = json!([blank, behind]);
        let outcomes = route
            .submit(setting, &session, (order, &operations))
            .await?;
        ensure!(outcomes[0]["status"] == "failed", outcomes);
        let answer = route
            .submit(setting, &session, (order, &operations))
            .await?;
        ensure!(is_overtaken(&answer, order), answer);
    }
    Ok(())
}

async fn of_each_session(setting: &Setting<'_>) -> Outcome {
    let session = setting.login("conformance-ahead").await?;
    let another = setting.login("conformance-behind").await?;
    for (session, order) in [(&session, 5_000), (&another, 1), (&another, 2)] {
        let operations = json!([setting.message(&operation_key()?, "in order")]);
        let outcomes = Route::Http
            .submit(setting, session, (order, &operations))
            .await?;
        ensure!(outcomes[0]["status"] == "applied", outcomes);
    }
    let operations = json!([setting.message(&operation_key()?, "without any")]);
    let outcomes = setting.submit_as(token(&session), operations).await?;
    let outcome = outcomes.first();
    ensure!(
        outcome.is_some_and(|outcome| outcome["status"] == "applied"),
        json!(outcomes)
    );
    Ok(())
}

async fn before_limits(setting: &Setting<'_>) -> Outcome {
    let most = setting.count_limit("operationsPerSubmit", 100)?;
    let session = setting.login("conformance-limits").await?;
    let one = json!([setting.message(&operation_key()?, "the newest")]);
    let outcomes = Route::Http.submit(setting, &session, (2, &one)).await?;
    ensure!(outcomes[0]["status"] == "applied", outcomes);
    let many: Vec<Value> = vec![setting.message(&operation_key()?, "one of many"); most + 1];
    let answer = Route::Http
        .submit(setting, &session, (1, &json!(many)))
        .await?;
    ensure!(is_overtaken(&answer, 2), answer);
    Ok(())
}
