//! §4.7 and §7.10: files.

use serde_json::{Value, json};

use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text, token};
use crate::wire::{Answer, WireError};

checks! {
    "7.10.1" [] {files} "OPTIONS says what of tus is spoken, without a token" => options;
    "7.10.2" [] {files} "a file goes up in parts, and comes down whole and in ranges" => up_and_down;
    "7.10.3" [] {files} "bytes that do not follow are upload.conflict" => conflict;
    "7.10.4" [] {files} "a file that is not what was announced is file.damaged" => damaged;
    "7.10.5" [] {files} "a file is for its uploader and for who is shown a message with it" => whose;
    "7.10.6" [] {files} "another version of tus is answered with 412" => version;
    "7.10.7" [] {files} "a part beyond the file is told so, with its size" => beyond;
}

pub(super) const TUS: (&str, &str) = ("Tus-Resumable", "1.0.0");
/// What is uploaded.
pub(super) const BYTES: &[u8] = b"hello, harbour";

pub(super) async fn begin(
    setting: &Setting<'_>,
    metadata: Option<&str>,
) -> Result<String, WireError> {
    begin_of(setting, BYTES.len(), metadata).await
}

/// An upload of so many bytes, by its id.
pub(super) async fn begin_of(
    setting: &Setting<'_>,
    length: usize,
    metadata: Option<&str>,
) -> Result<String, WireError> {
    let length = length.to_string();
    let mut headers = vec![TUS, ("Upload-Length", length.as_str())];
    if let Some(metadata) = metadata {
        headers.push(("Upload-Metadata", metadata));
    }
    let answer = setting
        .http
        .ask("POST", "/v1/files", setting.token(), &headers, Vec::new())
        .await?;
    ensure!(answer.status == 201, answer.body);
    let location = answer.header("location").to_owned();
    let id = location.rsplit('/').next().unwrap_or_default().to_owned();
    ensure!(!id.is_empty(), location);
    Ok(id)
}

pub(super) async fn send(
    setting: &Setting<'_>,
    id: &str,
    offset: usize,
    bytes: &[u8],
) -> Result<Answer, WireError> {
    let offset = offset.to_string();
    let headers = [
        TUS,
        ("Upload-Offset", offset.as_str()),
        ("Content-Type", "application/offset+octet-stream"),
    ];
    let path = format!("/v1/files/{id}");
    setting
        .http
        .ask("PATCH", &path, setting.token(), &headers, bytes.to_vec())
        .await
}

/// A whole file of the first user's, told of as an attachment.
pub(super) async fn uploaded(setting: &Setting<'_>) -> Result<Value, WireError> {
    let id = begin(setting, None).await?;
    let answer = send(setting, &id, 0, BYTES).await?;
    ensure!(answer.status == 204, answer.body);
    let path = format!("/v1/files/{id}");
    let whole = setting
        .http
        .ask("GET", &path, setting.token(), &[], Vec::new())
        .await?;
    let sha256 = whole.header("etag").trim_matches('"').to_owned();
    Ok(
        json!({"fileId": id, "kind": "file", "name": "a.txt", "mimeType": "text/plain",
        "size": BYTES.len(), "sha256": sha256}),
    )
}

async fn options(setting: &Setting<'_>) -> Outcome {
    let answer = setting
        .http
        .ask("OPTIONS", "/v1/files", "", &[], Vec::new())
        .await?;
    ensure!(answer.status < 300, answer.status);
    ensure!(
        answer.header("tus-version").contains("1.0.0"),
        answer.header("tus-version")
    );
    let extensions = answer.header("tus-extension");
    ensure!(extensions.contains("creation"), extensions);
    Ok(())
}

async fn up_and_down(setting: &Setting<'_>) -> Outcome {
    let id = begin(setting, None).await?;
    let path = format!("/v1/files/{id}");
    let half = BYTES.len() / 2;
    let answer = send(setting, &id, 0, &BYTES[..half]).await?;
    ensure!(
        answer.status == 204 && answer.header("upload-offset") == half.to_string(),
        answer.status
    );
    let head = setting
        .http
        .ask("HEAD", &path, setting.token(), &[TUS], Vec::new())
        .await?;
    ensure!(
        head.header("upload-offset") == half.to_string(),
        head.header("upload-offset")
    );
    let answer = send(setting, &id, half, &BYTES[half..]).await?;
    ensure!(answer.status == 204, answer.status);
    let whole = setting
        .http
        .ask("GET", &path, setting.token(), &[], Vec::new())
        .await?;
    ensure!(whole.status == 200 && whole.bytes == BYTES, whole.status);
    ensure!(!whole.header("etag").is_empty(), "no ETag");
    let range = [("Range", "bytes=2-5")];
    let part = setting
        .http
        .ask("GET", &path, setting.token(), &range, Vec::new())
        .await?;
    ensure!(
        part.status == 206 && part.bytes == BYTES[2..=5],
        part.status
    );
    Ok(())
}

async fn conflict(setting: &Setting<'_>) -> Outcome {
    let id = begin(setting, None).await?;
    let answer = send(setting, &id, 3, &BYTES[3..]).await?;
    ensure!(
        answer.status == 409 && answer.body["code"] == "upload.conflict",
        answer.body
    );
    Ok(())
}

async fn damaged(setting: &Setting<'_>) -> Outcome {
    // The hash of something else.
    let metadata = format!("sha256 {}", base64("0".repeat(64).as_bytes()));
    let id = begin(setting, Some(&metadata)).await?;
    let answer = send(setting, &id, 0, BYTES).await?;
    ensure!(
        answer.status == 422 && answer.body["code"] == "file.damaged",
        answer.body
    );
    Ok(())
}

async fn whose(setting: &Setting<'_>) -> Outcome {
    let file = uploaded(setting).await?;
    let path = format!("/v1/files/{}", text(&file["fileId"])?);
    let theirs = setting.other_token();
    let answer = setting
        .http
        .ask("GET", &path, theirs, &[], Vec::new())
        .await?;
    ensure!(
        answer.status == 404 && answer.body["code"] == "file.notFound",
        answer.body
    );
    let params = json!({"conversationId": setting.conversation, "text": "", "attachments": [file]});
    let outcome = setting
        .done(setting.token(), "message.send", params)
        .await?;
    text(&outcome["message"]["attachments"][0]["fileId"])?;
    let answer = setting
        .http
        .ask("GET", &path, theirs, &[], Vec::new())
        .await?;
    ensure!(answer.status == 200 && answer.bytes == BYTES, answer.status);
    let stranger = setting.stranger().await?;
    let answer = setting
        .http
        .ask("GET", &path, token(&stranger), &[], Vec::new())
        .await?;
    ensure!(answer.status == 404, answer.status);
    Ok(())
}

async fn beyond(setting: &Setting<'_>) -> Outcome {
    let id = begin(setting, None).await?;
    let answer = send(setting, &id, 0, BYTES).await?;
    ensure!(answer.status == 204, answer.status);
    let path = format!("/v1/files/{id}");
    let range = [("Range", "bytes=100-200")];
    let answer = setting
        .http
        .ask("GET", &path, setting.token(), &range, Vec::new())
        .await?;
    ensure!(answer.status == 416, answer.status);
    ensure!(answer.body["code"] == "params.invalid", answer.body);
    let size = format!("bytes */{}", BYTES.len());
    let told = answer.header("content-range");
    ensure!(told == size, told);
    Ok(())
}

async fn version(setting: &Setting<'_>) -> Outcome {
    let headers = [("Tus-Resumable", "0.2.2"), ("Upload-Length", "5")];
    let answer = setting
        .http
        .ask("POST", "/v1/files", setting.token(), &headers, Vec::new())
        .await?;
    ensure!(answer.status == 412, answer.status);
    Ok(())
}

/// What little of base64 a header needs.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) & 63;
            text.push(match place <= chunk.len() {
                true => char::from(DIGITS[digit as usize]),
                false => '=',
            });
        }
    }
    text
}
