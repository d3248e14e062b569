//! What a client concludes from an answer over HTTP, headers and all: whatever comes is an answer, a problem or nobody's,
//! and bytes of a file are never more than were asked for.
#![no_main]

use arbitrary::Arbitrary;
use fulmar_protocol::{
    Answer, ApiRequest, Chunk, FileId, HttpAnswer, LogId, NewUpload, Secret, Seq, SignInRequest,
    Submit, SubmitId, UserId,
};
use libfuzzer_sys::fuzz_target;

const HEADERS: [&str; 8] = [
    "content-type",
    "content-range",
    "location",
    "tus-resumable",
    "upload-offset",
    "upload-length",
    "etag",
    "retry-after",
];

#[derive(Debug, Arbitrary)]
struct Given {
    request: u8,
    offset: u64,
    length: u64,
    status: u16,
    headers: Vec<(u8, String)>,
    body: Vec<u8>,
}

fn request(given: &Given) -> ApiRequest {
    let file = FileId::new("f-1").expect("a name");
    match given.request % 9 {
        0 => ApiRequest::SignIn(SignInRequest {
            user_id: UserId::new("alice").expect("a name"),
            password: Secret::from("a password"),
            device_id: fulmar_protocol::DeviceId::new("d").expect("a name"),
        }),
        1 => ApiRequest::Submit(Submit {
            submit_id: SubmitId(1),
            order: None,
            operations: Vec::new(),
        }),
        2 => ApiRequest::Sync {
            since: Seq(given.offset >> 11),
            log_id: LogId::new("log").ok(),
        },
        3 => ApiRequest::Snapshot,
        4 => ApiRequest::CreateUpload(NewUpload {
            size: given.length,
            sha256: "0".repeat(64).parse().expect("a hash"),
        }),
        5 => ApiRequest::FindUpload(file),
        6 => ApiRequest::SendChunk {
            file_id: file,
            offset: given.offset,
            chunk: Chunk(given.body.clone()),
        },
        7 => ApiRequest::FetchChunk {
            file_id: file,
            offset: given.offset,
            length: given.length.max(1),
        },
        _ => ApiRequest::Me,
    }
}

fuzz_target!(|given: Given| {
    let request = request(&given);
    // What goes out can always be written.
    let _ = request.to_call();
    let answer = HttpAnswer {
        status: given.status,
        headers: given
            .headers
            .iter()
            .map(|(name, value)| {
                let name = HEADERS[usize::from(*name) % HEADERS.len()];
                (name.to_owned(), value.clone())
            })
            .collect(),
        body: given.body.clone(),
    };
    if let (ApiRequest::FetchChunk { length, .. }, Ok(Answer::Fetched(chunk))) =
        (&request, request.read_answer(&answer))
    {
        assert!(chunk.0.len() as u64 <= *length);
    }
});
