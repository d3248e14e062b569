//! What the mock server does with bytes of WebSockets that no library would send.

use fulmar_mock_server::MockServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const HANDSHAKE: &str = "GET /v1/socket HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\n\
     upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A frame of a client, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126);
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// What comes back for these bytes, after the handshake.
async fn answer(server: &MockServer, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_close_of_the_client_is_answered() {
    let server = MockServer::builder().demo().start().await.unwrap();
    for code in [1000_u16, 1001, 4000] {
        let closed = answer(&server, &frame(0x88, &code.to_be_bytes())).await;
        assert_eq!(closed.get(..2), Some(&[0x88, 2][..]), "{code}: {closed:?}");
        assert_eq!(closed.get(2..4), Some(&code.to_be_bytes()[..]), "{code}");
    }
}

#[tokio::test]
async fn what_is_no_websocket_is_what_cannot_be_read() {
    let server = MockServer::builder().demo().start().await.unwrap();
    for (what, bytes) in [
        ("no UTF-8", frame(0x81, &[0xff, 0xfe])),
        ("an opcode that nobody knows", frame(0x83, b"x")),
        ("a bit that nobody agreed on", frame(0xc1, b"x")),
        ("a continuation of nothing", frame(0x80, b"x")),
    ] {
        let closed = answer(&server, &bytes).await;
        let code = 4400_u16.to_be_bytes();
        assert_eq!(closed.get(2..4), Some(&code[..]), "{what}: {closed:?}");
    }
}
