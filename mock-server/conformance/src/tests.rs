//! Servers that do harm to the judge rather than break a rule.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fulmar_mock_server::MockServer;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::exchange::Exchange;
use crate::limits::Limits;
use crate::wire::Http;
use crate::{Backend, Report, Verdict, judge, judge_within};

async fn listener(scheme: &str) -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("{scheme}://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Answers each request, which it gets as text, as `answer` says, and closes.
async fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    let (listener, url) = listener("http").await;
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let asked = request(&mut stream).await;
                let _ = stream.write_all(answer(&asked).as_bytes()).await;
            });
        }
    });
    url
}

/// A request with its body.
async fn request(stream: &mut TcpStream) -> String {
    let mut asked = Vec::new();
    loop {
        let mut part = [0; 4_096];
        let read = stream.read(&mut part).await.unwrap();
        asked.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&asked).into_owned();
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
        let needs_more = text.starts_with("POST") && !body.is_some_and(|body| body.ends_with('}'));
        if read == 0 || (body.is_some() && !needs_more) {
            return text;
        }
    }
}

type Ours = WebSocketStream<TcpStream>;

/// Says hello to each socket, with this more in its `ready`, and then does so with it.
async fn sockets<Done>(more: Value, then: impl Fn(Ours) -> Done + Clone + Send + 'static) -> String
where
    Done: Future<Output = ()> + Send + 'static,
{
    let (listener, url) = listener("ws").await;
    let mut ready = json!({"type": "ready", "head": 1, "logId": "l"});
    for (name, value) in more.as_object().unwrap() {
        ready[name] = value.clone();
    }
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (ready, then) = (Message::text(ready.to_string()), then.clone());
            tokio::spawn(async move {
                let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                let _hello = socket.next().await;
                let _ = socket.send(ready).await;
                then(socket).await;
            });
        }
    });
    url
}

/// Sends a frame every few milliseconds, and answers nothing.
async fn chat(mut socket: Ours) {
    let frame = json!({"type": "of.tomorrow"}).to_string();
    while socket.send(Message::text(frame.clone())).await.is_ok() {
        let _ = socket.send(Message::Ping("so".into())).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn demo(ws: String) -> (MockServer, Backend) {
    let server = MockServer::builder().demo().start().await.unwrap();
    let backend = Backend {
        ws: Some(ws),
        ..Backend::new(&server.url())
    };
    (server, backend)
}

fn reason(report: &Report) -> &str {
    match &report.result {
        Verdict::Pass => "",
        Verdict::Fail { reason, .. } | Verdict::Skip { reason } => reason,
    }
}

#[tokio::test]
async fn a_socket_that_keeps_talking_ends_with_the_time_of_a_check_and_of_the_run() {
    let (_server, backend) = demo(sockets(json!({}), chat).await).await;
    let limits = Limits {
        check: Duration::from_millis(400),
        run: Duration::from_millis(1_500),
    };
    let reports = judge_within(&backend, Some("3.5"), limits).await.unwrap();
    assert_eq!(reason(&reports[0]), "the check is not over in 400ms");
    let reports = judge_within(&backend, Some("3"), limits).await.unwrap();
    let last = reports.iter().find(|report| report.id == "3.8.4").unwrap();
    assert_eq!(reason(last), "all checks together are not over in 1.5s");
}

#[tokio::test]
async fn what_a_limit_makes_the_judge_make_up_is_bounded() {
    let huge = u64::from(u32::MAX);
    let limits = json!({"textBytes": huge, "frameBytes": huge, "operationsPerSubmit": u64::MAX, "pageSize": huge});
    let (_server, backend) = demo(sockets(json!({"limits": limits}), chat).await).await;
    for only in ["3.7.1", "3.8.4", "5.4.1", "5.4.8", "7.5.3"] {
        let reports = judge(&backend, Some(only)).await.unwrap();
        let is_skipped = matches!(reports[0].result, Verdict::Skip { .. });
        assert!(is_skipped, "{reports:#?}");
        assert!(
            reason(&reports[0]).starts_with("the limit "),
            "{reports:#?}"
        );
    }
}

#[tokio::test]
async fn a_frame_that_is_too_large_may_be_cut_off_and_no_more() {
    let cut = |socket: Ours| async move {
        // What has come and is not read makes a reset of the end.
        socket.get_ref().readable().await.unwrap();
    };
    let (_server, backend) = demo(sockets(json!({}), cut).await).await;
    let reports = judge(&backend, Some("3.8.4")).await.unwrap();
    assert_eq!(reports[0].result, Verdict::Pass);
    let leave = |mut socket: Ours| async move {
        let _whole = socket.next().await;
    };
    let limits = json!({"limits": {"frameBytes": 1_000}});
    let (_server, backend) = demo(sockets(limits, leave).await).await;
    let reports = judge(&backend, Some("3.8.4")).await.unwrap();
    assert!(reason(&reports[0]).contains("got 1006"), "{reports:#?}");
}

#[tokio::test]
async fn who_stopped_in_an_earlier_check_is_passed_over() {
    let says = |mut socket: Ours| async move {
        for (user, state) in [
            ("bob", "stopped"),
            ("alice", "started"),
            ("alice", "stopped"),
        ] {
            let frame = json!({"type": "typing", "userId": user, "state": state});
            let _ = socket.send(Message::text(frame.to_string())).await;
        }
        while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
    };
    let typing = json!({"capabilities": ["typing"]});
    let (_server, backend) = demo(sockets(typing, says).await).await;
    let reports = judge(&backend, Some("3.10.4")).await.unwrap();
    assert_eq!(reports[0].result, Verdict::Pass);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let was_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&was_asked);
    let elsewhere = answering(move |_| {
        asked.store(true, Ordering::SeqCst);
        String::new()
    })
    .await;
    let url = answering(move |_| {
        format!("HTTP/1.1 307 Elsewhere\r\nlocation: {elsewhere}/\r\ncontent-length: 0\r\n\r\n")
    })
    .await;
    let http = Http::new(&url, Exchange::default()).unwrap();
    let (status, _) = http.login("alice", "a password", "judge").await.unwrap();
    assert_eq!(status, 307);
    assert!(!was_asked.load(Ordering::SeqCst));
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_to_its_end() {
    let (listener, url) = listener("http").await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        let head = b"HTTP/1.1 200 Yes\r\ncontent-length: 9000000000\r\n\r\n";
        stream.write_all(head).await.unwrap();
        while stream.write_all(&[b'x'; 1 << 16]).await.is_ok() {}
    });
    let http = Http::new(&url, Exchange::default()).unwrap();
    let error = http.get("/health", "").await.unwrap_err().to_string();
    assert_eq!(error, "an answer of more than 67108864 bytes");
}

#[tokio::test]
async fn a_server_that_echoes_a_password_does_not_bring_it_into_a_report() {
    let url = answering(|asked| {
        let body = json!({"code": "server.error", "status": 500, "title": asked,
            "detail": json!({"echo": asked}).to_string()});
        format!("HTTP/1.1 500 No\r\nconnection: close\r\n\r\n{body}")
    })
    .await;
    let backend = Backend {
        password: "a \"quoted\" pa\\SSWORD".to_owned(),
        ..Backend::new(&url)
    };
    let reports = judge(&backend, None).await.unwrap();
    let all = format!("{} {}", crate::text(&reports), crate::json(&reports));
    assert!(all.contains("server.error"), "{all}");
    assert!(!all.contains("quoted") && !all.contains("SSWORD"), "{all}");
}

#[tokio::test]
async fn who_cannot_begin_says_so_and_judges_nothing() {
    let server = MockServer::builder().demo().start().await.unwrap();
    let good = Backend::new(&server.url());
    let (nobody, url) = listener("http").await;
    drop(nobody);
    for (backend, only, why) in [
        (Backend::new(&url), None, "refused"),
        (Backend::new(""), None, "no http address"),
        (
            Backend {
                password: "another".to_owned(),
                ..good.clone()
            },
            None,
            "cannot sign in",
        ),
        (
            Backend {
                other_user: "nobody".to_owned(),
                ..good.clone()
            },
            None,
            "\"nobody\" cannot sign in",
        ),
        (
            Backend {
                ws: Some(url.replace("http", "ws")),
                ..good.clone()
            },
            None,
            "refused",
        ),
        (good, Some("99.9"), "no check"),
    ] {
        let error = judge(&backend, only).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}
