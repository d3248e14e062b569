//! A server with a mistake in it: the mock server, behind something that bends what goes in and comes out over HTTP.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// A request on its way in.
pub(crate) struct Asked {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    /// Null, when it is no JSON.
    pub(crate) body: Value,
}

/// A mistake.
pub(crate) trait Mistake: Send + Sync {
    /// Before the server sees a request.
    fn ask(&self, _asked: &mut Asked) {}
    /// Before the client sees an answer.
    fn answer(&self, _asked: &Asked, _status: &mut u16, _body: &mut Value) {}
}

/// Where the broken server listens. It ends with the test.
pub(crate) async fn start(server: &str, mistake: Arc<dyn Mistake>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = server.to_owned();
    tokio::spawn(async move {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let (server, mistake, client) = (server.clone(), Arc::clone(&mistake), client.clone());
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let (server, mistake) = (server.clone(), Arc::clone(&mistake));
                    let client = client.clone();
                    async move { Ok::<_, Infallible>(pass(request, &server, &*mistake, &client).await) }
                });
                // An error is a client that went away.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    url
}

async fn pass(
    request: Request<Incoming>,
    server: &str,
    mistake: &dyn Mistake,
    client: &reqwest::Client,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let header = |name: &str| {
        head.headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let mut asked = Asked {
        method: head.method.to_string(),
        path: head.uri.path_and_query().unwrap().to_string(),
        authorization: header("authorization"),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    };
    let before = asked.body.clone();
    mistake.ask(&mut asked);
    let method = reqwest::Method::from_bytes(asked.method.as_bytes()).unwrap();
    let mut passed = client.request(method, format!("{server}{}", asked.path));
    for (name, value) in &head.headers {
        if !["authorization", "host", "content-length"].contains(&name.as_str()) {
            passed = passed.header(name, value);
        }
    }
    if let Some(authorization) = &asked.authorization {
        passed = passed.header("authorization", authorization);
    }
    let sent = match asked.body == before {
        true => bytes.to_vec(),
        false => asked.body.to_string().into_bytes(),
    };
    let answer = passed.body(sent).send().await.unwrap();
    let mut status = answer.status().as_u16();
    let headers = answer.headers().clone();
    let bytes = answer.bytes().await.unwrap();
    let mut body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let before = body.clone();
    mistake.answer(&asked, &mut status, &mut body);
    let bytes = match body == before {
        true => bytes,
        false => Bytes::from(body.to_string()),
    };
    let mut response = Response::builder().status(status);
    for (name, value) in &headers {
        if name != "content-length" && name != "connection" {
            response = response.header(name, value);
        }
    }
    response.body(Full::new(bytes)).unwrap()
}
