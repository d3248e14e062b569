//! Files over HTTP: uploads by tus 1.0, downloads by ranges, and what their answers may mean
//! (PROTOCOL.md §7.10).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::header;
use crate::http::encoded;
use crate::{Answer, AnswerError, ContentHash, FileId, HttpAnswer, HttpCall, HttpMethod};

/// The version of tus that is spoken.
pub const TUS_VERSION: &str = "1.0.0";

/// A file to upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewUpload {
    /// How many bytes it has.
    pub size: u64,
    /// What is in it.
    pub sha256: ContentHash,
}

/// Bytes of a file; they do not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Chunk(pub Vec<u8>);

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chunk({} bytes)", self.0.len())
    }
}

pub(crate) fn create(upload: NewUpload) -> HttpCall {
    let sha256 = STANDARD.encode(upload.sha256.to_string());
    HttpCall {
        method: HttpMethod::Post,
        target: "/v1/files".to_owned(),
        headers: vec![
            (header::TUS_RESUMABLE, TUS_VERSION.to_owned()),
            (header::UPLOAD_LENGTH, upload.size.to_string()),
            (header::UPLOAD_METADATA, format!("sha256 {sha256}")),
        ],
        body: None,
        authorized: true,
    }
}

pub(crate) fn offset(file: &FileId) -> HttpCall {
    call(HttpMethod::Head, file)
}

pub(crate) fn end(file: &FileId) -> HttpCall {
    call(HttpMethod::Delete, file)
}

pub(crate) fn send(file: &FileId, offset: u64, chunk: &Chunk) -> HttpCall {
    let mut call = call(HttpMethod::Patch, file);
    call.headers.extend([
        (header::CONTENT_TYPE, header::OFFSET_STREAM.to_owned()),
        (header::UPLOAD_OFFSET, offset.to_string()),
    ]);
    call.body = Some(chunk.0.clone());
    call
}

/// `length` is at least 1.
pub(crate) fn fetch(file: &FileId, offset: u64, length: u64) -> HttpCall {
    let last = offset.saturating_add(length.max(1) - 1);
    HttpCall {
        method: HttpMethod::Get,
        target: format!("/v1/files/{}", encoded(file.as_str())),
        headers: vec![(header::RANGE, format!("bytes={offset}-{last}"))],
        body: None,
        authorized: true,
    }
}

fn call(method: HttpMethod, file: &FileId) -> HttpCall {
    HttpCall {
        method,
        target: format!("/v1/files/{}", encoded(file.as_str())),
        headers: vec![(header::TUS_RESUMABLE, TUS_VERSION.to_owned())],
        body: None,
        authorized: true,
    }
}

/// The file is called like the last part of its address.
pub(crate) fn read_created(answer: &HttpAnswer) -> Result<Answer, AnswerError> {
    answer
        .header(header::LOCATION)
        .and_then(|location| location.trim_end_matches('/').rsplit('/').next())
        .and_then(|id| percent_encoding::percent_decode_str(id).decode_utf8().ok())
        .and_then(|id| FileId::new(id.into_owned()).ok())
        .map(Answer::UploadCreated)
        .ok_or(AnswerError::Foreign {
            status: answer.status,
        })
}

/// It is at its end where the server says so in the words of tus.
pub(crate) fn read_ended(answer: &HttpAnswer) -> Result<Answer, AnswerError> {
    match answer.status == 204 || answer.header(header::TUS_RESUMABLE).is_some() {
        true => Ok(Answer::UploadEnded),
        false => Err(AnswerError::Foreign {
            status: answer.status,
        }),
    }
}

pub(crate) fn read_offset(answer: &HttpAnswer) -> Result<Answer, AnswerError> {
    answer
        .header(header::UPLOAD_OFFSET)
        .and_then(|offset| offset.parse().ok())
        .map(Answer::UploadOffset)
        .ok_or(AnswerError::Foreign {
            status: answer.status,
        })
}

/// A whole file is as good as the part that was asked for, when that is its beginning.
pub(crate) fn read_fetched(
    answer: &HttpAnswer,
    offset: u64,
    length: u64,
) -> Result<Answer, AnswerError> {
    let begins = match answer.status {
        206 => answer
            .header(header::CONTENT_RANGE)
            .and_then(|range| range.strip_prefix("bytes "))
            .and_then(|range| range.split('-').next()?.parse::<u64>().ok()),
        _ => Some(0),
    };
    let most = usize::try_from(length).unwrap_or(usize::MAX);
    let bytes = &answer.body[..answer.body.len().min(most)];
    match begins == Some(offset) && !bytes.is_empty() {
        true => Ok(Answer::Fetched(Chunk(bytes.to_vec()))),
        false => Err(AnswerError::Foreign {
            status: answer.status,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunk, NewUpload};
    use crate::{Answer, AnswerError, ApiRequest, ContentHash, FileId, HttpAnswer};

    fn file() -> FileId {
        FileId::new("f 1").unwrap()
    }

    fn with(status: u16, name: &str, value: &str, body: &[u8]) -> HttpAnswer {
        HttpAnswer {
            headers: vec![(name.to_owned(), value.to_owned())],
            ..HttpAnswer::new(status, body.to_vec())
        }
    }

    #[test]
    fn uploads_are_asked_for_as_tus_says() {
        let sha256 = ContentHash::from_bytes([0xab; 32]);
        let create = ApiRequest::CreateUpload(NewUpload { size: 10, sha256 }).to_call();
        assert_eq!(create.target, "/v1/files");
        assert!(
            create
                .headers
                .contains(&("tus-resumable", "1.0.0".to_owned()))
        );
        assert!(create.headers.contains(&("upload-length", "10".to_owned())));
        let send = ApiRequest::SendChunk {
            file_id: file(),
            offset: 4,
            chunk: Chunk(b"rest".to_vec()),
        }
        .to_call();
        assert_eq!(send.target, "/v1/files/f%201");
        assert!(send.headers.contains(&("upload-offset", "4".to_owned())));
        assert_eq!(send.body.as_deref(), Some(b"rest".as_slice()));
    }

    #[test]
    fn answers_without_their_header_are_none() {
        let create = ApiRequest::CreateUpload(NewUpload {
            size: 1,
            sha256: ContentHash::from_bytes([0; 32]),
        });
        let found = with(201, "location", "https://x.example/v1/files/f%201", b"");
        assert_eq!(
            create.read_answer(&found),
            Ok(Answer::UploadCreated(file()))
        );
        let offset = ApiRequest::FindUpload(file());
        let found = with(200, "upload-offset", "7", b"");
        assert_eq!(offset.read_answer(&found), Ok(Answer::UploadOffset(7)));
        for bad in [
            HttpAnswer::new(200, Vec::new()),
            with(200, "upload-offset", "-1", b""),
        ] {
            assert!(matches!(
                offset.read_answer(&bad),
                Err(AnswerError::Foreign { .. })
            ));
            assert!(create.read_answer(&bad).is_err());
        }
    }

    #[test]
    fn a_range_is_what_was_asked_for_or_nothing() {
        let fetch = ApiRequest::FetchChunk {
            file_id: file(),
            offset: 4,
            length: 4,
        };
        assert!(
            fetch
                .to_call()
                .headers
                .contains(&("range", "bytes=4-7".to_owned()))
        );
        let part = with(206, "content-range", "bytes 4-7/9", b"abcd");
        let chunk = Answer::Fetched(Chunk(b"abcd".to_vec()));
        assert_eq!(fetch.read_answer(&part), Ok(chunk));
        for bad in [
            with(206, "content-range", "bytes 0-3/9", b"abcd"),
            with(206, "content-range", "bytes 4-7/9", b""),
            with(200, "x", "y", b"whole file"),
        ] {
            assert!(fetch.read_answer(&bad).is_err());
        }
        let beginning = ApiRequest::FetchChunk {
            file_id: file(),
            offset: 0,
            length: 5,
        };
        let whole = HttpAnswer::new(200, b"whole file".to_vec());
        let chunk = Answer::Fetched(Chunk(b"whole".to_vec()));
        assert_eq!(beginning.read_answer(&whole), Ok(chunk));
    }
}
