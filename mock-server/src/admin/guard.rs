//! Who may ask the admin API. A web page on the tester's machine can send requests to it as well, under the tester's
//! address: it must never be obeyed, whatever it calls itself.

use std::net::IpAddr;

use fulmar_protocol::{Code, Problem};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, StatusCode};

/// What a request to the admin API needs to be allowed.
#[derive(Debug, Clone)]
pub(crate) enum Guard {
    /// It is reached from this machine alone, so it is asked by a name of this machine: a page under a name of its
    /// own that leads here (DNS rebinding) is not.
    Loopback,
    /// Only requests with this token in `Authorization: Bearer` are answered.
    Token(String),
}

impl Guard {
    /// Before anything of the body is read.
    pub(super) fn check(&self, head: &Parts) -> Result<(), Problem> {
        let headers = &head.headers;
        let asked = head.uri.authority().cloned().or_else(|| host(headers));
        match self {
            Self::Token(token) => {
                let said = headers.get(AUTHORIZATION);
                let expected = format!("Bearer {token}");
                if said.is_none_or(|said| said.as_bytes() != expected.as_bytes()) {
                    let problem = Problem::new(Code::TokenInvalid, "The admin API needs its token");
                    return Err(problem);
                }
            }
            Self::Loopback => {
                if !asked.as_ref().is_some_and(is_loopback) {
                    return Err(forbidden(
                        "The admin API is asked by a name of this machine",
                    ));
                }
            }
        }
        let own = |origin: &str| {
            let (_, from) = origin.split_once("://")?;
            Some(from == asked.as_ref()?.as_str())
        };
        match headers.get(ORIGIN).map(|origin| origin.to_str()) {
            None => Ok(()),
            Some(Ok(origin)) if own(origin) == Some(true) => Ok(()),
            Some(_) => Err(forbidden("The admin API does nothing for a web page")),
        }
    }
}

/// A body is JSON, and says so: what a form of a web page can send is not.
pub(super) fn check_body(headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or("");
    if body.is_empty() || kind.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE.as_u16(),
        ..Problem::new(
            Code::RequestMalformed,
            "A body needs content-type: application/json",
        )
    })
}

fn host(headers: &HeaderMap) -> Option<Authority> {
    headers.get(HOST)?.to_str().ok()?.parse().ok()
}

fn is_loopback(asked: &Authority) -> bool {
    let name = asked.host();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

fn forbidden(title: &str) -> Problem {
    Problem {
        status: StatusCode::FORBIDDEN.as_u16(),
        ..Problem::new(Code::RequestMalformed, title)
    }
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn asked(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::post("/admin/worlds");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_names_of_this_machine_and_no_page_of_another() {
        let page = [("host", "localhost:1"), ("origin", "http://localhost:1")];
        for allowed in [
            &[("host", "127.0.0.1:44871")][..],
            &[("host", "LOCALHOST")],
            &[("host", "[::1]:44871")],
            &page,
        ] {
            assert!(
                Guard::Loopback.check(&asked(allowed)).is_ok(),
                "{allowed:?}"
            );
        }
        for refused in [
            &[][..],
            &[("host", "evil.example:44871")],
            &[("host", "127.0.0.1.evil.example")],
            &[("host", "localhost:1"), ("origin", "http://evil.example")],
            &[("host", "localhost:1"), ("origin", "http://localhost:2")],
            &[("host", "localhost:1"), ("origin", "null")],
        ] {
            let problem = Guard::Loopback.check(&asked(refused)).unwrap_err();
            assert_eq!(problem.status, 403, "{refused:?}");
        }
    }

    #[test]
    fn with_a_token_any_name_will_do_but_no_page() {
        let guard = Guard::Token("secret".to_owned());
        let token = ("authorization", "Bearer secret");
        let host = ("host", "ci.example:44871");
        assert!(guard.check(&asked(&[host, token])).is_ok());
        assert_eq!(guard.check(&asked(&[host])).unwrap_err().status, 401);
        let page = ("origin", "http://evil.example");
        assert_eq!(
            guard
                .check(&asked(&[host, token, page]))
                .unwrap_err()
                .status,
            403
        );
    }

    #[test]
    fn a_body_is_json() {
        let kind = |kind: &str| asked(&[("content-type", kind)]).headers;
        assert!(check_body(&kind("application/json; charset=utf-8"), b"{}").is_ok());
        assert!(check_body(&asked(&[]).headers, b"").is_ok());
        for other in ["text/plain", "application/x-www-form-urlencoded"] {
            let problem = check_body(&kind(other), b"{}").unwrap_err();
            assert_eq!(problem.status, 415, "{other}");
        }
        assert!(check_body(&asked(&[]).headers, b"{}").is_err());
    }
}
