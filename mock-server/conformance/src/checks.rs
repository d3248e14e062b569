//! The checks, by section of PROTOCOL.md.

use serde_json::{Value, json};

use crate::setting::{Setting, ensure, text};
use crate::wire::{Socket, WireError, operation_key, wire};
use crate::{Backend, Report};

type Check = Result<(), WireError>;

pub(crate) async fn all(backend: &Backend) -> Vec<Report> {
    let setting = match Setting::new(backend).await {
        Ok(setting) => setting,
        Err(error) => {
            return vec![Report {
                section: "7.1",
                rule: "both users can sign in and create a conversation",
                result: Err(error.to_string()),
            }];
        }
    };
    let mut reports = Vec::new();
    macro_rules! check {
        ($section:literal, $rule:literal, $check:ident) => {
            reports.push(Report {
                section: $section,
                rule: $rule,
                result: setting.$check().await.map_err(|error| error.to_string()),
            });
        };
    }
    check!("2.4", "frames of unknown types are ignored", unknown_frames);
    check!(
        "2.4",
        "unknown methods are answered, and stop nothing",
        unknown_methods
    );
    check!("3.3", "hello is answered with ready", ready);
    check!("3.5", "pong has the ping's id and the log's head", pong);
    check!("3.8", "a bad token closes with 4401", bad_token);
    check!("3.8", "what is no frame closes with 4400", no_frame);
    check!("4.1", "one direct conversation per pair", one_per_pair);
    check!(
        "4.2",
        "positions are dense and in the order of the submit",
        positions
    );
    check!("5.1", "the same key again changes nothing", same_key);
    check!(
        "5.1",
        "the same key for something else is a conflict",
        key_conflict
    );
    check!(
        "5.2",
        "after a failure the conversation's rest is skipped",
        skipped
    );
    check!("6.1", "events are dense, and reach everyone", events);
    check!("6.3", "sync goes on after since", sync);
    check!("6.3", "without the log's id there is a reset", reset);
    check!(
        "7.1",
        "unknown users and wrong passwords look alike",
        credentials
    );
    check!(
        "7.2",
        "a refresh can be repeated, and a stolen token ends it",
        refresh
    );
    check!("7.5", "history is paged without holes", history);
    check!("7", "what is not theirs does not exist", not_theirs);
    reports
}

impl Setting<'_> {
    async fn unknown_frames(&self) -> Check {
        let (mut socket, _) = self.connect(&self.session, 0, &Value::Null).await?;
        socket
            .send(&json!({"type": "no.such.frame", "x": 1}))
            .await?;
        socket
            .send(&json!({"type": "ping", "id": 1, "later": true}))
            .await?;
        socket.next_of("pong").await.map(|_| ())
    }

    async fn unknown_methods(&self) -> Check {
        let unknown = json!({"operationKey": operation_key()?, "method": "no.such", "params": {}});
        let known = self.message(&operation_key()?, "known");
        let outcomes = self.submit(json!([unknown, known])).await?;
        ensure!(
            outcomes[0]["problem"]["code"] == "method.unknown",
            outcomes[0]
        );
        ensure!(outcomes[1]["status"] == "applied", outcomes[1]);
        Ok(())
    }

    async fn ready(&self) -> Check {
        let (_, ready) = self.connect(&self.session, 0, &Value::Null).await?;
        ensure!(ready["userId"] == self.backend.user.as_str(), ready);
        ensure!(ready["deviceId"] == "judge", ready);
        ensure!(ready["logId"].is_string() && ready["head"].is_u64(), ready);
        ensure!(
            ready["heartbeatMs"].is_u64() && ready["serverTime"].is_i64(),
            ready
        );
        ensure!(
            ready["operationKeyRetentionMs"].as_u64() >= Some(30 * 24 * 3_600_000),
            ready
        );
        Ok(())
    }

    async fn pong(&self) -> Check {
        let (mut socket, ready) = self.connect(&self.session, 0, &Value::Null).await?;
        socket.send(&json!({"type": "ping", "id": 77})).await?;
        let pong = socket.next_of("pong").await?;
        ensure!(pong["id"] == 77, pong);
        ensure!(pong["head"].as_u64() >= ready["head"].as_u64(), pong);
        Ok(())
    }

    async fn bad_token(&self) -> Check {
        let mut socket = Socket::open(self.backend).await?;
        let hello = json!({"type": "hello", "version": 1, "since": 0, "accessToken": "no"});
        socket.send(&hello).await?;
        let code = socket.closed().await?;
        ensure!(code == 4401, code);
        Ok(())
    }

    async fn no_frame(&self) -> Check {
        for text in ["nonsense", "[]", "{\"type\": 7}"] {
            let mut socket = Socket::open(self.backend).await?;
            socket.send_text(text).await?;
            let code = socket.closed().await?;
            ensure!(code == 4400, code);
        }
        Ok(())
    }

    async fn one_per_pair(&self) -> Check {
        let again = self.create_direct().await?;
        let id = &again["conversation"]["conversationId"];
        ensure!(*id == self.conversation.as_str(), id);
        Ok(())
    }

    async fn positions(&self) -> Check {
        let mut operations = Vec::new();
        for number in 0..5 {
            operations.push(self.message(&operation_key()?, &format!("in order {number}")));
        }
        let outcomes = self.submit(Value::Array(operations)).await?;
        let first = outcomes[0]["message"]["position"].as_u64();
        for (index, outcome) in outcomes.iter().enumerate() {
            let position = outcome["message"]["position"].as_u64();
            ensure!(position == first.map(|first| first + index as u64), outcome);
        }
        Ok(())
    }

    async fn same_key(&self) -> Check {
        let operation = self.message(&operation_key()?, "only once");
        let first = self.submit(json!([operation])).await?;
        let again = self.submit(json!([operation, operation])).await?;
        ensure!(first[0] == again[0] && again[0] == again[1], again[0]);
        Ok(())
    }

    async fn key_conflict(&self) -> Check {
        let key = operation_key()?;
        self.submit(json!([self.message(&key, "one thing")]))
            .await?;
        let outcomes = self.submit(json!([self.message(&key, "another")])).await?;
        ensure!(
            outcomes[0]["problem"]["code"] == "operation.conflict",
            outcomes[0]
        );
        Ok(())
    }

    async fn skipped(&self) -> Check {
        let blank = self.message(&operation_key()?, "  ");
        let behind = self.message(&operation_key()?, "behind a refused one");
        let outcomes = self.submit(json!([blank, behind])).await?;
        ensure!(outcomes[0]["status"] == "failed", outcomes[0]);
        ensure!(
            outcomes[0]["problem"]["code"] == "params.invalid",
            outcomes[0]
        );
        ensure!(outcomes[1]["status"] == "skipped", outcomes[1]);
        // A refused or skipped operation is not remembered: its key may come again.
        let outcomes = self.submit(json!([behind])).await?;
        ensure!(outcomes[0]["status"] == "applied", outcomes[0]);
        Ok(())
    }

    async fn events(&self) -> Check {
        let (_, ready) = self.connect(&self.other, 0, &Value::Null).await?;
        let head = number(&ready["head"])?;
        for body in ["first", "second", "third"] {
            self.submit(json!([self.message(&operation_key()?, body)]))
                .await?;
        }
        // Replayed after `since`, and then live.
        let (mut socket, _) = self.connect(&self.other, head, &ready["logId"]).await?;
        self.submit(json!([self.message(&operation_key()?, "fourth")]))
            .await?;
        let mut seen: Vec<Value> = Vec::new();
        while seen.len() < 4 {
            let frame = socket.next_of("events").await?;
            seen.extend(frame["events"].as_array().cloned().unwrap_or_default());
        }
        for (index, event) in seen.iter().enumerate() {
            ensure!(event["seq"] == head + 1 + index as u64, event);
        }
        let texts: Vec<&Value> = seen.iter().map(|event| &event["data"]["text"]).collect();
        ensure!(
            texts == ["first", "second", "third", "fourth"],
            json!(texts)
        );
        Ok(())
    }

    async fn sync(&self) -> Check {
        let (_, ready) = self.connect(&self.session, 0, &Value::Null).await?;
        let (head, log) = (number(&ready["head"])?, text(&ready["logId"])?);
        self.submit(json!([self.message(&operation_key()?, "to be fetched")]))
            .await?;
        let path = format!("/v1/sync?since={head}&logId={log}");
        let (status, page) = self.http.get(&path, self.token()).await?;
        ensure!(status == 200, page);
        ensure!(page["events"][0]["seq"] == head + 1, page);
        ensure!(page["head"].as_u64() > Some(head), page);
        Ok(())
    }

    async fn reset(&self) -> Check {
        let (status, problem) = self.http.get("/v1/sync?since=0", self.token()).await?;
        ensure!(status == 410 && problem["code"] == "sync.reset", problem);
        let (mut socket, _) = self
            .connect(&self.session, 0, &json!("another-log"))
            .await?;
        let reset = socket.next_of("sync.reset").await?;
        let (status, snapshot) = self.http.get("/v1/snapshot", self.token()).await?;
        ensure!(
            status == 200 && snapshot["logId"] == reset["logId"],
            snapshot
        );
        ensure!(
            snapshot["seq"].as_u64() >= reset["head"].as_u64(),
            snapshot["seq"]
        );
        Ok(())
    }

    async fn credentials(&self) -> Check {
        let wrong = self.http.login(&self.backend.user, "wrong", "x").await?;
        let unknown = self.http.login("no-such-user", "wrong", "x").await?;
        ensure!(wrong == unknown, json!([wrong.1, unknown.1]));
        ensure!(
            wrong.0 == 401 && wrong.1["code"] == "credentials.invalid",
            wrong.1
        );
        Ok(())
    }

    async fn refresh(&self) -> Check {
        let login = self
            .http
            .login(&self.backend.user, &self.backend.password, "thief");
        let (_, first) = login.await?;
        let body = |session: &Value| json!({"refreshToken": session["refreshToken"]});
        let path = "/v1/auth/refresh";
        let (_, second) = self.http.post(path, "", &body(&first)).await?;
        let (status, again) = self.http.post(path, "", &body(&first)).await?;
        ensure!(status == 200, again);
        ensure!(
            again["refreshToken"] == second["refreshToken"],
            "another successor"
        );
        self.http.post(path, "", &body(&second)).await?;
        let (status, problem) = self.http.post(path, "", &body(&first)).await?;
        ensure!(
            status == 401 && problem["code"] == "session.revoked",
            problem
        );
        let (status, problem) = self.http.post(path, "", &body(&second)).await?;
        ensure!(status == 401, problem);
        Ok(())
    }

    async fn history(&self) -> Check {
        let base = format!("/v1/conversations/{}/messages", self.conversation);
        let (_, page) = self
            .http
            .get(&format!("{base}?limit=3"), self.token())
            .await?;
        let newest: Vec<u64> = positions(&page);
        ensure!(newest.len() == 3 && newest[2] == newest[0] + 2, page);
        let path = format!("{base}?before={}&limit=2", newest[0]);
        let (_, page) = self.http.get(&path, self.token()).await?;
        ensure!(positions(&page) == [newest[0] - 2, newest[0] - 1], page);
        let path = format!("{base}?after={}", newest[1]);
        let (_, page) = self.http.get(&path, self.token()).await?;
        ensure!(positions(&page) == [newest[2]], page);
        Ok(())
    }

    async fn not_theirs(&self) -> Check {
        let create = json!({"operationKey": operation_key()?, "method": "conversation.create",
            "params": {"kind": "group", "title": "Alone", "participantIds": []}});
        let outcomes = self.submit(json!([create])).await?;
        let id = text(&outcomes[0]["conversation"]["conversationId"])?;
        let token = self.other["accessToken"].as_str().unwrap_or_default();
        for path in ["", "/messages"] {
            let path = format!("/v1/conversations/{id}{path}");
            let (status, problem) = self.http.get(&path, token).await?;
            let (_, nowhere) = self.http.get("/v1/conversations/no-such", token).await?;
            ensure!(status == 404 && problem == nowhere, problem);
        }
        Ok(())
    }
}

fn number(value: &Value) -> Result<u64, WireError> {
    value
        .as_u64()
        .ok_or_else(|| wire(format!("{value} is no number")))
}

fn positions(page: &Value) -> Vec<u64> {
    let messages = page["messages"].as_array().cloned().unwrap_or_default();
    messages
        .iter()
        .filter_map(|message| message["position"].as_u64())
        .collect()
}
