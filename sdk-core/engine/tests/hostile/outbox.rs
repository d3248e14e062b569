//! What was tried already, and what hangs on it.

use fulmar_engine::{Command, CommandError, FailureReason, NetworkState, Reply};
use fulmar_protocol::{
    ApiRequest, ClientFrame, CloseCode, Code, MessageDelete, MessageHide, MessageSend, Method,
};

use crate::answers::at_once;
use crate::bench::{Bench, LONG, MINUTE, SECOND};
use crate::server::{Asked, Said, problem};

#[test]
fn a_message_that_may_be_sent_is_not_given_up_behind_the_servers_back() {
    for applied in [true, false] {
        let mut bench = Bench::live();
        bench.hostile(move |server, asked, now| match asked {
            Asked::Frame(ClientFrame::Submit(submit)) => {
                if applied {
                    server.submit(&submit.operations, now);
                }
                at_once(Said::Closed(CloseCode::GoingAway))
            }
            Asked::Frame(_) => at_once(Said::Closed(CloseCode::GoingAway)),
            Asked::Http(ApiRequest::Refresh(_)) => None,
            Asked::Http(_) => at_once(Said::Answer(Err(problem(Code::ServerUnavailable)))),
            _ => None,
        });
        let operation_key = bench.send("perhaps");
        bench.run(MINUTE);
        let refused = bench.command(Command::Discard {
            operation_key,
            delete_key: None,
        });
        assert_eq!(refused, Err(CommandError::MayBeSent { operation_key }));
        assert_eq!(bench.shown(), ["perhaps"]);
        let delete_key = Some(bench.key());
        let deleted = bench.command(Command::Discard {
            operation_key,
            delete_key,
        });
        assert!(deleted.is_ok(), "{deleted:?}");
        bench.run(LONG);
        bench.recovers();
        bench.run(SECOND);
        assert_eq!(bench.server.texts(), [""], "sent, and deleted for everyone");
    }
}

fn reply_in_thread(root: fulmar_protocol::OperationKey) -> MessageSend {
    MessageSend {
        thread_root: Some(root),
        ..MessageSend::text("c-1".parse().unwrap(), "a reply")
    }
}

#[test]
fn giving_up_a_root_offline_fails_its_replies_where_they_are_seen_and_holds_nobody_up() {
    for how in ["discard", "delete", "hide"] {
        let mut bench = Bench::live();
        bench.hostile(|_, _, _| None);
        bench.network(NetworkState::Unavailable);
        let root = bench.send("a root");
        let reply = bench.send_message(reply_in_thread(root));
        let conversation_id: fulmar_protocol::ConversationId = "c-1".parse().unwrap();
        let operation_key = bench.key();
        let method = match how {
            "delete" => Method::MessageDelete(MessageDelete {
                conversation_id,
                message_key: root,
            }),
            _ => Method::MessageHide(MessageHide {
                conversation_id,
                message_key: root,
            }),
        };
        let given_up = match how {
            "discard" => bench.command(Command::Discard {
                operation_key: root,
                delete_key: None,
            }),
            _ => bench.command(Command::Change {
                operation_key,
                method,
            }),
        };
        assert!(given_up.is_ok(), "{how}: {given_up:?}");
        bench.send("a plain one");
        bench.run(LONG);
        bench.network(NetworkState::Available);
        bench.well();
        bench.run(MINUTE * 2);
        assert_eq!(bench.server.texts(), ["a plain one"], "{how}");
        assert_eq!(
            bench.failures(),
            [(reply, FailureReason::RootGivenUp)],
            "{how}"
        );
        let discarded = bench.command(Command::Discard {
            operation_key: reply,
            delete_key: None,
        });
        assert_eq!(discarded, Ok(Reply::Done));
        bench.recovers();
    }
}
