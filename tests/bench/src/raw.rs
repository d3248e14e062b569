//! The raw limits: the same rows and indexes through rusqlite alone, the same JSON through
//! tokio-tungstenite alone.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use rusqlite::{Connection, TransactionBehavior, params};
use tokio_tungstenite::tungstenite::Message;

use crate::stage::p50;

const SCHEMA: &str = include_str!("../../../sdk-core/engine/src/store/steps/1.sql");

/// One durable transaction with the rows of a message that was just sent.
pub(crate) fn durable_insert(folder: &Path, rounds: usize) -> Duration {
    let mut database = Connection::open(folder.join("raw.db")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.pragma_update(None, "synchronous", "FULL").unwrap();
    database.execute_batch(SCHEMA).unwrap();
    database
        .execute(
            "INSERT INTO conversation (key, id, kind, created_at, activity_at)
             VALUES (1, 'c', 'direct', 0, 0)",
            [],
        )
        .unwrap();
    let mut times = Vec::new();
    for round in 0..rounds {
        let start = Instant::now();
        let transaction = database
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .unwrap();
        let key = (round as u128).to_be_bytes();
        transaction
            .prepare_cached(
                "INSERT INTO message (operation_key, conversation, sender_id, text, at)
                 VALUES (?1, 1, 'alice', 'a message like any other', ?2)",
            )
            .unwrap()
            .execute(params![key, round])
            .unwrap();
        transaction
            .prepare_cached(
                "INSERT INTO operation
                     (operation_key, lane, method, holds_lane, params, state, created_at)
                 VALUES (?1, 1, 'message.send', 1, '{}', 'queued', ?2)",
            )
            .unwrap()
            .execute(params![key, round])
            .unwrap();
        transaction
            .prepare_cached(
                "UPDATE conversation
                 SET activity_at = ?1, preview_text = 'a message like any other',
                     preview_sender = 'alice'
                 WHERE key = 1",
            )
            .unwrap()
            .execute([round])
            .unwrap();
        transaction.commit().unwrap();
        times.push(start.elapsed());
    }
    p50(&mut times)
}

/// One frame of the size of a submit to a bare echo server, and back.
pub(crate) async fn round_trip(rounds: usize) -> Duration {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() {
                socket.send(message).await.unwrap();
            }
        }
    });
    let url = format!("ws://{address}");
    let (mut socket, _) = tokio_tungstenite::connect_async_with_config(url, None, true)
        .await
        .unwrap();
    let submit = r#"{"type":"submit","submitId":1,"operations":[{"operationKey":"0190b5f0-0000-7000-8000-000000000001","method":"message.send","params":{"conversationId":"c-0123456789abcdef01234567","text":"a message like any other"}}]}"#;
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        socket.send(Message::text(submit)).await.unwrap();
        socket.next().await.unwrap().unwrap();
        times.push(start.elapsed());
    }
    p50(&mut times)
}

/// The newest 50 messages of a conversation, by the same index, into the same kind of values.
pub(crate) fn newest_fifty(path: &Path, conversation: i64, rounds: usize) -> Duration {
    let database = Connection::open(path).unwrap();
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        let mut statement = database
            .prepare_cached(
                "SELECT operation_key, message_id, position, sender_id, text, at FROM message
                 WHERE conversation = ?1 AND position IS NOT NULL
                 ORDER BY position DESC LIMIT 50",
            )
            .unwrap();
        type Row = ([u8; 16], String, i64, String, String, i64);
        let rows: Vec<Row> = statement
            .query_map([conversation], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                ))
            })
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        times.push(start.elapsed());
        assert_eq!(rows.len(), 50);
    }
    p50(&mut times)
}
