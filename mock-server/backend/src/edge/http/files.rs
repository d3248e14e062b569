//! Files over HTTP: tus 1.0.0 for uploads, ranges for downloads (PROTOCOL.md §7.10).

use std::ops::Range;
use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fulmar_protocol::{Code, ContentHash, FileId, Problem, TUS_VERSION, Timestamp, header};

use super::body::unknown_route;
use super::exchange::{HttpRequest, HttpResponse};
use super::url::digits;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::files::{Files, Upload, no_such_file};
use crate::rooms::Rooms;
use crate::store::files::File;
use crate::tx::Tx;

/// What of tus there is beside its core.
const EXTENSIONS: &str = "creation,termination,expiration";

/// Answers a request below `/v1/files`.
pub(super) fn answer(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    request: &HttpRequest<'_>,
    path: &[&str],
    token: Option<&str>,
) -> Result<HttpResponse> {
    let files = &rooms.files;
    if request.method == "OPTIONS" {
        return Ok(about_tus(files));
    }
    let user = rooms.accounts.authenticate(tx, token)?.user_id;
    if let ("GET", [id]) = (request.method, path) {
        let file = files.find(tx, &user, &file_id(id)?)?;
        return serve(files, tx, &file, request.header(header::RANGE));
    }
    if request.header(header::TUS_RESUMABLE) != Some(TUS_VERSION) && !active(Defect::AnyTus) {
        return Ok(another_version());
    }
    match (request.method, path) {
        ("POST", []) => {
            let size = number(request, header::UPLOAD_LENGTH)?;
            let hash = announced_hash(request)?;
            Ok(match files.begin_upload(tx, &user, size, hash)? {
                Upload::Stands(file) => {
                    let location = format!("/v1/files/{}", file.id);
                    about(201, &file).with(header::LOCATION, location)
                }
                Upload::Damaged => damaged(),
            })
        }
        ("HEAD", [id]) => {
            let file = files.find_upload(tx, &user, &file_id(id)?)?;
            Ok(about(200, &file)
                .with(header::UPLOAD_LENGTH, file.size.to_string())
                .with("cache-control", "no-store".to_owned()))
        }
        ("PATCH", [id]) => {
            if request.header(header::CONTENT_TYPE) != Some(header::OFFSET_STREAM) {
                return Err(malformed(
                    "The body of an upload is octets from an offset on",
                ));
            }
            let offset = number(request, header::UPLOAD_OFFSET)?;
            let id = file_id(id)?;
            let continued = files.continue_upload(tx, &user, &id, offset, request.body)?;
            Ok(match continued {
                Upload::Stands(file) => about(204, &file),
                Upload::Damaged => damaged(),
            })
        }
        ("DELETE", [id]) => {
            files.end_upload(tx, &user, &file_id(id)?)?;
            Ok(tus(204))
        }
        _ => Err(unknown_route()),
    }
}

fn about_tus(files: &Files) -> HttpResponse {
    tus(204)
        .with("tus-version", TUS_VERSION.to_owned())
        .with("tus-extension", EXTENSIONS.to_owned())
        .with("tus-max-size", files.most_bytes().to_string())
}

fn serve(files: &Files, tx: &Tx<'_>, file: &File, wanted: Option<&str>) -> Result<HttpResponse> {
    let range = match wanted.map(|text| range(text, file.size)) {
        // A range that cannot be read is none (RFC 9110 §14.2).
        None | Some(Wanted::Unreadable) => None,
        Some(Wanted::Part(range)) => Some(range),
        Some(Wanted::Beyond) if active(Defect::EmptyPartBeyond) => None,
        Some(Wanted::Beyond) => {
            let problem = Problem {
                status: 416,
                ..Problem::new(Code::ParamsInvalid, "The file has no such part")
            };
            return Ok(HttpResponse::problem(&problem)
                .with(header::CONTENT_RANGE, format!("bytes */{}", file.size)));
        }
    };
    let mut part = range.clone().unwrap_or(0..file.size);
    if active(Defect::RangesFromTheStart) {
        part = 0..part.end - part.start;
    }
    let mut response = HttpResponse {
        status: 200,
        content_type: "application/octet-stream",
        headers: vec![("accept-ranges", "bytes".to_owned())],
        body: files.bytes(tx, file, part)?,
    };
    if let Some(sha256) = file.sha256 {
        response = response.with("etag", format!("\"{sha256}\""));
    }
    if let Some(part) = range {
        response.status = 206;
        let shown = format!("bytes {}-{}/{}", part.start, part.end - 1, file.size);
        response = response.with(header::CONTENT_RANGE, shown);
    }
    Ok(response)
}

enum Wanted {
    Part(Range<u64>),
    Beyond,
    Unreadable,
}

/// One range of bytes; several at once are not served as such.
fn range(text: &str, size: u64) -> Wanted {
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Wanted::Unreadable;
    };
    let read = digits;
    let part = match (read(first), read(last)) {
        (Some(first), Some(last)) if first <= last => first..size.min(last.saturating_add(1)),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return Wanted::Unreadable,
    };
    if part.start < part.end {
        Wanted::Part(part)
    } else {
        Wanted::Beyond
    }
}

fn tus(status: u16) -> HttpResponse {
    HttpResponse {
        status,
        content_type: "application/octet-stream",
        headers: vec![(header::TUS_RESUMABLE, TUS_VERSION.to_owned())],
        body: Vec::new(),
    }
}

fn about(status: u16, file: &File) -> HttpResponse {
    let response = tus(status).with(header::UPLOAD_OFFSET, file.received.to_string());
    match file.expires_at {
        Some(at) => response.with("upload-expires", http_date(at)),
        None => response,
    }
}

/// A clock can be set further than dates of HTTP go.
fn http_date(at: Timestamp) -> String {
    const LAST: Timestamp = Timestamp(253_402_300_799_000);
    httpdate::fmt_http_date(UNIX_EPOCH + at.min(LAST).since(Timestamp(0)))
}

fn another_version() -> HttpResponse {
    let problem = Problem {
        status: 412,
        ..Problem::new(
            Code::VersionUnsupported,
            "This version of tus is not spoken",
        )
    };
    HttpResponse::problem(&problem).with("tus-version", TUS_VERSION.to_owned())
}

fn damaged() -> HttpResponse {
    let title = "What came is not what was announced: begin anew";
    HttpResponse::problem(&Problem::new(Code::FileDamaged, title))
}

fn file_id(text: &str) -> Result<FileId> {
    FileId::new(text).map_err(|_| no_such_file())
}

fn number(request: &HttpRequest<'_>, name: &str) -> Result<u64> {
    request
        .header(name)
        .and_then(digits)
        .filter(|number| *number < 1 << 53)
        .ok_or_else(|| malformed("A header with a number is missing, or has none"))
}

/// Of `name BASE64, name BASE64, …` only the hash is looked at.
fn announced_hash(request: &HttpRequest<'_>) -> Result<Option<ContentHash>> {
    let metadata = request.header(header::UPLOAD_METADATA).unwrap_or_default();
    let Some(encoded) = metadata
        .split(',')
        .find_map(|pair| pair.trim().strip_prefix("sha256 "))
    else {
        return Ok(None);
    };
    STANDARD
        .decode(encoded.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok())
        .map(Some)
        .ok_or_else(|| malformed("The announced hash is no SHA-256"))
}

fn malformed(title: &str) -> Error {
    Error::refused(Code::RequestMalformed, title)
}
