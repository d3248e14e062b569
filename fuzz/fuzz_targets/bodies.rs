//! Bodies over HTTP, push payloads and problem documents: whatever comes is read or refused, and what could be read is
//! the same when it has travelled once more.
#![no_main]

use fulmar_protocol::{
    Attachment, Conversation, ConversationPage, Me, MeUpdate, Message, MessageVersions,
    OperationsAnswer, Problem, PushPayload, PushToken, RegisterRequest, SearchPage, Session,
    SessionList, SignInRequest, Snapshot, Submit, SyncPage, UserList,
};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn travels<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    if let Ok(read) = serde_json::from_slice::<T>(bytes) {
        let text = serde_json::to_string(&read).expect("what was read can be written");
        let again = serde_json::from_str::<T>(&text).expect("what was written can be read");
        // What of a list could not be read is not written again.
        let once_more = serde_json::to_string(&again).expect("what was read can be written");
        assert_eq!(once_more, text);
    }
}

fuzz_target!(|bytes: &[u8]| {
    travels::<Attachment>(bytes);
    travels::<Conversation>(bytes);
    travels::<ConversationPage>(bytes);
    travels::<Me>(bytes);
    travels::<MeUpdate>(bytes);
    travels::<Message>(bytes);
    travels::<MessageVersions>(bytes);
    travels::<OperationsAnswer>(bytes);
    travels::<UserList>(bytes);
    travels::<Problem>(bytes);
    travels::<PushPayload>(bytes);
    travels::<SearchPage>(bytes);
    travels::<SessionList>(bytes);
    travels::<Snapshot>(bytes);
    travels::<Submit>(bytes);
    travels::<SyncPage>(bytes);
    // These hold secrets, which are not compared.
    let _ = serde_json::from_slice::<SignInRequest>(bytes);
    let _ = serde_json::from_slice::<PushToken>(bytes);
    let _ = serde_json::from_slice::<RegisterRequest>(bytes);
    let _ = serde_json::from_slice::<Session>(bytes);
});
