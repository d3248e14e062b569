//! §4.7: what a message may carry, and what becomes of files with it.

use serde_json::{Value, json};

use super::files::{BYTES, TUS, begin, begin_of, send, uploaded};
use super::{Outcome, checks};
use crate::setting::{Setting, ensure, text};

checks! {
    "4.7.1" [] {files} "size and hash of an attachment are those of its file" => as_it_is;
    "4.7.2" [] {files} "nobody sends a file that somebody else has uploaded" => of_others;
    "4.7.3" [] {files} "a file of which bytes are missing is not sent" => incomplete;
    "4.7.4" [] {files} "names, types and pictures of attachments keep their bounds, and there are at most 10" => bounds;
    "7.10.8" [] {editing files} "with the last message that carries it a file is gone" => gone;
    "7.10.9" [] {files} "a part larger than chunkBytes, and a file larger than fileBytes, are request.tooLarge" => too_large;
    "7.10.10" [] {files} "an upload belongs to who began it" => own_upload;
    "7.10.11" [] {files} "an upload that is given up is gone" => given_up;
}

fn with(setting: &Setting<'_>, attachments: &[Value]) -> Value {
    json!({"conversationId": setting.conversation, "text": "", "attachments": attachments})
}

async fn as_it_is(setting: &Setting<'_>) -> Outcome {
    let file = uploaded(setting).await?;
    for (field, value) in [("size", json!(7)), ("sha256", json!("0".repeat(64)))] {
        let mut wrong = file.clone();
        wrong[field] = value;
        let params = with(setting, &[wrong]);
        setting
            .refused(setting.token(), "message.send", params, "params.invalid")
            .await?;
    }
    let params = with(setting, &[file]);
    setting
        .done(setting.token(), "message.send", params)
        .await?;
    Ok(())
}

async fn of_others(setting: &Setting<'_>) -> Outcome {
    let file = uploaded(setting).await?;
    let params = with(setting, &[file]);
    setting
        .refused(
            setting.other_token(),
            "message.send",
            params,
            "file.notFound",
        )
        .await
}

async fn incomplete(setting: &Setting<'_>) -> Outcome {
    let mut file = uploaded(setting).await?;
    let id = begin(setting, None).await?;
    send(setting, &id, 0, &BYTES[..4]).await?;
    file["fileId"] = json!(id);
    let params = with(setting, &[file]);
    setting
        .refused(setting.token(), "message.send", params, "file.notFound")
        .await?;
    let path = format!("/v1/files/{id}");
    let part = setting
        .http
        .ask("GET", &path, setting.token(), &[], Vec::new())
        .await?;
    ensure!(
        part.status == 404 && part.body["code"] == "file.notFound",
        part.body
    );
    Ok(())
}

async fn bounds(setting: &Setting<'_>) -> Outcome {
    let file = uploaded(setting).await?;
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a/b.txt")),
        ("name", json!("..")),
        ("name", json!("a\u{202E}txt.exe")),
        ("name", json!("x".repeat(256))),
        ("mimeType", json!("a")),
        ("mimeType", json!("x".repeat(128))),
        ("blurhash", json!("x".repeat(129))),
        ("thumbnail", json!("AAAA".repeat(683))),
    ] {
        let mut wrong = file.clone();
        wrong[field] = value;
        let params = with(setting, &[wrong]);
        setting
            .refused(setting.token(), "message.send", params, "params.invalid")
            .await?;
    }
    let params = with(setting, &vec![file; 11]);
    setting
        .refused(setting.token(), "message.send", params, "params.invalid")
        .await
}

async fn gone(setting: &Setting<'_>) -> Outcome {
    let file = uploaded(setting).await?;
    let id = text(&file["fileId"])?;
    let mut messages = Vec::new();
    for _ in 0..2 {
        let params = with(setting, std::slice::from_ref(&file));
        let sent = setting
            .done(setting.token(), "message.send", params)
            .await?;
        messages.push(sent["message"]["operationKey"].clone());
    }
    let path = format!("/v1/files/{id}");
    for (key, expected) in messages.iter().zip([200, 404]) {
        let delete = json!({"conversationId": setting.conversation, "messageKey": key});
        setting
            .done(setting.token(), "message.delete", delete)
            .await?;
        for token in [setting.other_token(), setting.token()] {
            let answer = setting
                .http
                .ask("GET", &path, token, &[], Vec::new())
                .await?;
            ensure!(answer.status == expected, answer.status);
        }
    }
    Ok(())
}

async fn too_large(setting: &Setting<'_>) -> Outcome {
    let most = setting.limit("fileBytes", 256 << 20);
    let length = most.saturating_add(1).to_string();
    let headers = [TUS, ("Upload-Length", length.as_str())];
    let answer = setting
        .http
        .ask("POST", "/v1/files", setting.token(), &headers, Vec::new())
        .await?;
    ensure!(
        answer.status == 413 && answer.body["code"] == "request.tooLarge",
        answer.body
    );
    let part = setting.byte_limit("chunkBytes", 1 << 20)? + 1;
    if part > most {
        // No file is larger than a part.
        return Ok(());
    }
    let id = begin_of(setting, part, None).await?;
    let answer = send(setting, &id, 0, &vec![7; part]).await?;
    ensure!(
        answer.status == 413 && answer.body["code"] == "request.tooLarge",
        answer.body
    );
    Ok(())
}

async fn own_upload(setting: &Setting<'_>) -> Outcome {
    let id = begin(setting, None).await?;
    let path = format!("/v1/files/{id}");
    let theirs = setting.other_token();
    let head = setting
        .http
        .ask("HEAD", &path, theirs, &[TUS], Vec::new())
        .await?;
    ensure!(head.status == 404, head.status);
    let headers = [
        TUS,
        ("Upload-Offset", "0"),
        ("Content-Type", "application/offset+octet-stream"),
    ];
    for (verb, bytes) in [("PATCH", BYTES.to_vec()), ("DELETE", Vec::new())] {
        let answer = setting
            .http
            .ask(verb, &path, theirs, &headers, bytes)
            .await?;
        ensure!(
            answer.status == 404 && answer.body["code"] == "file.notFound",
            answer.body
        );
    }
    let mine = setting
        .http
        .ask("HEAD", &path, setting.token(), &[TUS], Vec::new())
        .await?;
    ensure!(mine.header("upload-offset") == "0", mine.status);
    ensure!(
        !mine.header("upload-expires").is_empty(),
        "no Upload-Expires"
    );
    Ok(())
}

async fn given_up(setting: &Setting<'_>) -> Outcome {
    let id = begin(setting, None).await?;
    send(setting, &id, 0, &BYTES[..4]).await?;
    let path = format!("/v1/files/{id}");
    for (verb, expected) in [("DELETE", 204), ("HEAD", 404)] {
        let answer = setting
            .http
            .ask(verb, &path, setting.token(), &[TUS], Vec::new())
            .await?;
        ensure!(answer.status == expected, answer.status);
    }
    Ok(())
}
