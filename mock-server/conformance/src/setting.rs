//! What most checks begin with: both users signed in, a conversation of theirs, and what they do over and over.

use serde_json::{Value, json};

use crate::Backend;
use crate::codes;
use crate::exchange::Exchange;
use crate::limits::{MOST_BYTES, MOST_THINGS};
use crate::wire::{Http, Socket, WireError, operation_key, skipped, wire};

macro_rules! ensure {
    ($truth:expr, $got:expr) => {
        if !$truth {
            return Err($crate::wire::wire(format!(
                "expected {}, got {}",
                stringify!($truth),
                $got
            )));
        }
    };
}

pub(crate) use ensure;

/// A place in somebody's log.
pub(crate) struct Mark {
    pub(crate) token: String,
    pub(crate) seq: u64,
    pub(crate) log: String,
}

/// What most checks begin with: both users signed in, and a conversation of theirs.
pub(crate) struct Setting<'a> {
    pub(crate) backend: &'a Backend,
    pub(crate) exchange: Exchange,
    pub(crate) http: Http,
    pub(crate) session: Value,
    pub(crate) other: Value,
    pub(crate) conversation: String,
    /// The `ready` of a first connection: limits and capabilities.
    pub(crate) ready: Value,
}

/// The default of the limit of a frame (§9).
pub(crate) const FRAME_BYTES: usize = 1 << 20;
/// What an operation has around its text, at most.
const AROUND_A_TEXT: usize = 2_048;
/// Tokens that live shorter than this, in milliseconds, are renewed before each check.
const SHORT_MS: u64 = 60_000;

/// A session of one of both users. Where the backend does not know them, nothing can be judged.
async fn sign_in(http: &Http, user: &str, password: &str) -> Result<Value, WireError> {
    let (status, answer) = http.login(user, password, "judge").await?;
    if status == 401 {
        return Err(WireError::CannotRun(format!(
            "{user:?} cannot sign in with this password: {answer}"
        )));
    }
    ensure!(status == 200, answer);
    Ok(answer)
}

impl<'a> Setting<'a> {
    pub(crate) async fn new(backend: &'a Backend, exchange: &Exchange) -> Result<Self, WireError> {
        let http = Http::new(&backend.url, exchange.clone())?;
        let session = sign_in(&http, &backend.user, &backend.password).await?;
        let other = sign_in(&http, &backend.other_user, &backend.other_password).await?;
        let mut setting = Self {
            backend,
            exchange: exchange.clone(),
            http,
            session,
            other,
            conversation: String::new(),
            ready: Value::Null,
        };
        let created = setting.create_direct().await?;
        setting.conversation = text(&created["conversation"]["conversationId"])?;
        let (_, ready) = setting.connect(&setting.session, 0, &Value::Null).await?;
        setting.ready = ready;
        Ok(setting)
    }

    /// Signs both users in anew where their tokens live so shortly that they could run out in a check.
    pub(crate) async fn renew(&mut self) -> Result<(), WireError> {
        self.session = self.session_again().await?;
        self.other = self.other_again().await?;
        Ok(())
    }

    /// The first user's session, renewed in the same way, in the middle of a check that takes long.
    pub(crate) async fn session_again(&self) -> Result<Value, WireError> {
        let backend = self.backend;
        self.again(&self.session, &backend.user, &backend.password)
            .await
    }

    /// The same of the other user's.
    pub(crate) async fn other_again(&self) -> Result<Value, WireError> {
        let backend = self.backend;
        self.again(&self.other, &backend.other_user, &backend.other_password)
            .await
    }

    async fn again(&self, session: &Value, user: &str, password: &str) -> Result<Value, WireError> {
        let lives = session["expiresInMs"].as_u64();
        match lives.is_some_and(|lives| lives < SHORT_MS) {
            true => sign_in(&self.http, user, password).await,
            false => Ok(session.clone()),
        }
    }

    /// A session of the first user's on a device of its own.
    pub(crate) async fn login(&self, device: &str) -> Result<Value, WireError> {
        let login = self
            .http
            .login(&self.backend.user, &self.backend.password, device);
        let (status, session) = login.await?;
        ensure!(status == 200, session);
        Ok(session)
    }

    pub(crate) fn token(&self) -> &str {
        token(&self.session)
    }

    pub(crate) fn other_token(&self) -> &str {
        token(&self.other)
    }

    /// Whether the backend says that it can do this (§10).
    pub(crate) fn can(&self, capability: &str) -> bool {
        let all = self.ready["capabilities"].as_array();
        all.is_some_and(|all| all.iter().any(|known| known == capability))
    }

    /// A limit that the backend told, or its default (§9).
    pub(crate) fn limit(&self, name: &str, default: usize) -> usize {
        match self.ready["limits"][name].as_u64() {
            Some(told) => usize::try_from(told).unwrap_or(usize::MAX),
            None => default,
        }
    }

    /// A limit of a frame or of a part of a file. One beyond what the judge makes up cannot be checked.
    pub(crate) fn byte_limit(&self, name: &str, default: usize) -> Result<usize, WireError> {
        bounded(name, self.limit(name, default), MOST_BYTES)
    }

    /// A limit of a text. One that fits into no frame cannot be checked.
    pub(crate) fn text_limit(&self) -> Result<usize, WireError> {
        let frame = self.limit("frameBytes", FRAME_BYTES).min(MOST_BYTES);
        let most = frame.saturating_sub(AROUND_A_TEXT);
        bounded("textBytes", self.limit("textBytes", 8_192), most)
    }

    /// How many messages or operations. So many that the judge does not make them up cannot be checked.
    pub(crate) fn count_limit(&self, name: &str, default: usize) -> Result<usize, WireError> {
        bounded(name, self.limit(name, default), MOST_THINGS)
    }

    /// How many operations fit in one submit, of those that somebody wants to send.
    pub(crate) fn at_once(&self, wanted: usize) -> usize {
        let most = self.limit("operationsPerSubmit", 100).clamp(1, MOST_THINGS);
        wanted.min(most)
    }

    pub(crate) fn message(&self, key: &str, body: &str) -> Value {
        json!({"operationKey": key, "method": "message.send",
               "params": {"conversationId": self.conversation, "text": body}})
    }

    pub(crate) async fn submit(&self, operations: Value) -> Result<Vec<Value>, WireError> {
        self.submit_as(self.token(), operations).await
    }

    pub(crate) async fn submit_as(
        &self,
        token: &str,
        operations: Value,
    ) -> Result<Vec<Value>, WireError> {
        let body = json!({ "operations": operations.clone() });
        let (status, answer) = self.http.post("/v1/operations", token, &body).await?;
        ensure!(status == 200, answer);
        let outcomes = answer["outcomes"].as_array().cloned().unwrap_or_default();
        let asked = operations.as_array().map(Vec::len);
        ensure!(Some(outcomes.len()) == asked, answer);
        for outcome in &outcomes {
            codes::check(&outcome["problem"])?;
        }
        Ok(outcomes)
    }

    /// One operation with a fresh key, as somebody: its outcome, whatever it is.
    pub(crate) async fn one(
        &self,
        token: &str,
        method: &str,
        params: Value,
    ) -> Result<Value, WireError> {
        let operation =
            json!({"operationKey": operation_key()?, "method": method, "params": params});
        let mut outcomes = self.submit_as(token, json!([operation])).await?;
        outcomes.pop().ok_or_else(|| wire("no outcome"))
    }

    /// The same, which has to be applied.
    pub(crate) async fn done(
        &self,
        token: &str,
        method: &str,
        params: Value,
    ) -> Result<Value, WireError> {
        let outcome = self.one(token, method, params).await?;
        ensure!(outcome["status"] == "applied", outcome);
        Ok(outcome)
    }

    /// The same, which has to fail with this code.
    pub(crate) async fn refused(
        &self,
        token: &str,
        method: &str,
        params: Value,
        code: &str,
    ) -> Result<(), WireError> {
        let outcome = self.one(token, method, params).await?;
        ensure!(outcome["status"] == "failed", outcome);
        ensure!(
            outcome["problem"]["code"] == code,
            format!("{outcome} instead of {code}")
        );
        Ok(())
    }

    /// Says something, and gives the message.
    pub(crate) async fn say(&self, body: &str) -> Result<Value, WireError> {
        let params = json!({"conversationId": self.conversation, "text": body});
        let outcome = self.done(self.token(), "message.send", params).await?;
        ensure!(outcome["message"].is_object(), outcome);
        Ok(outcome["message"].clone())
    }

    /// The same in another conversation, as somebody.
    pub(crate) async fn say_in(
        &self,
        token: &str,
        conversation: &str,
        body: &str,
    ) -> Result<Value, WireError> {
        let params = json!({"conversationId": conversation, "text": body});
        let outcome = self.done(token, "message.send", params).await?;
        Ok(outcome["message"].clone())
    }

    /// A message as the newest page of the history tells of it now.
    pub(crate) async fn told(
        &self,
        token: &str,
        conversation: &str,
        key: &Value,
    ) -> Result<Value, WireError> {
        let path = format!("/v1/conversations/{conversation}/messages");
        let (status, page) = self.http.get(&path, token).await?;
        ensure!(status == 200, page);
        let messages = page["messages"].as_array().cloned().unwrap_or_default();
        let found = messages
            .into_iter()
            .find(|message| message["operationKey"] == *key);
        found.ok_or_else(|| wire("the message is not in the history"))
    }

    /// The newest message of a conversation as somebody sees it; null where there is none.
    pub(crate) async fn last_message(
        &self,
        token: &str,
        conversation: &str,
    ) -> Result<Value, WireError> {
        let view = self.view(token, conversation).await?;
        let last = view["messages"].as_array().and_then(|all| all.last());
        Ok(last.cloned().unwrap_or_default())
    }

    /// How far somebody's log has come.
    pub(crate) async fn mark(&self, token: &str) -> Result<Mark, WireError> {
        let (status, snapshot) = self.http.get("/v1/snapshot", token).await?;
        ensure!(status == 200, snapshot);
        Ok(Mark {
            token: token.to_owned(),
            seq: number(&snapshot["seq"])?,
            log: text(&snapshot["logId"])?,
        })
    }

    /// What that log says since then.
    pub(crate) async fn since(&self, mark: &Mark) -> Result<Vec<Value>, WireError> {
        let path = format!("/v1/sync?since={}&logId={}", mark.seq, mark.log);
        let (status, page) = self.http.get(&path, &mark.token).await?;
        ensure!(status == 200, page);
        Ok(page["events"].as_array().cloned().unwrap_or_default())
    }

    /// A group of both, of which the first user is admin.
    pub(crate) async fn group(&self) -> Result<String, WireError> {
        let params = json!({"kind": "group", "title": "Judged",
            "participantIds": [self.backend.other_user]});
        let outcome = self
            .done(self.token(), "conversation.create", params)
            .await?;
        text(&outcome["conversation"]["conversationId"])
    }

    /// A new user, where the backend lets people register.
    pub(crate) async fn stranger(&self) -> Result<Value, WireError> {
        let name = format!("judge-{}", operation_key()?);
        let body = json!({"userId": name, "name": "A judge", "password": "a long password",
            "deviceId": "judge"});
        let (status, session) = self.http.post("/v1/auth/register", "", &body).await?;
        match status {
            200 => Ok(session),
            status => Err(skipped(format!("nobody can register: {status}"))),
        }
    }

    pub(crate) async fn create_direct(&self) -> Result<Value, WireError> {
        let params = json!({"kind": "direct", "participantIds": [self.backend.other_user]});
        self.done(self.token(), "conversation.create", params).await
    }

    /// A conversation as somebody sees it.
    pub(crate) async fn view(&self, token: &str, id: &str) -> Result<Value, WireError> {
        let (status, view) = self
            .http
            .get(&format!("/v1/conversations/{id}"), token)
            .await?;
        ensure!(status == 200, view);
        Ok(view)
    }

    pub(crate) async fn socket(&self) -> Result<Socket, WireError> {
        Socket::open(self.backend, &self.exchange, None, None).await
    }

    pub(crate) async fn connect(
        &self,
        session: &Value,
        since: u64,
        log: &Value,
    ) -> Result<(Socket, Value), WireError> {
        let mut socket = self.socket().await?;
        let hello = json!({"type": "hello", "version": 1, "since": since, "logId": log,
                           "accessToken": session["accessToken"]});
        socket.send(&hello).await?;
        let ready = socket.next_of("ready").await?;
        Ok((socket, ready))
    }
}

fn bounded(name: &str, told: usize, most: usize) -> Result<usize, WireError> {
    match told <= most {
        true => Ok(told),
        false => Err(skipped(format!(
            "the limit {name} is {told}, beyond the {most} that can be checked"
        ))),
    }
}

pub(crate) fn token(session: &Value) -> &str {
    session["accessToken"].as_str().unwrap_or_default()
}

pub(crate) fn text(value: &Value) -> Result<String, WireError> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| wire(format!("{value} is no text")))
}

pub(crate) fn number(value: &Value) -> Result<u64, WireError> {
    value
        .as_u64()
        .ok_or_else(|| wire(format!("{value} is no number")))
}
