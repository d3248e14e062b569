//! Files: each device has a disk for them that survives crashes, and parts of them travel over HTTP.

use std::collections::BTreeMap;

use fulmar_engine::query::ConversationItem;
use fulmar_engine::{
    Command, DownloadId, FilePart, Input, RequestFailure, RequestId, TransferFailure,
};
use fulmar_protocol::{
    Answer, ApiRequest, Attachment, AttachmentKind, Chunk, ContentHash, FileId, Secret,
};
use sha2::{Digest as _, Sha256};

use crate::device::{Device, Waiting};
use crate::network::{DeviceIndex, Process};
use crate::progress::Way;
use crate::world::{Step, World};

/// The files of a device.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) whole: BTreeMap<ContentHash, Vec<u8>>,
    parts: BTreeMap<ContentHash, Vec<u8>>,
    /// What is being fetched: which file, and how large it is.
    fetching: BTreeMap<RequestId, (ContentHash, u64)>,
}

impl Disk {
    fn received(&self, content: ContentHash) -> u64 {
        self.parts.get(&content).map_or(0, |part| part.len() as u64)
    }

    fn append(
        &mut self,
        content: ContentHash,
        size: u64,
        offset: u64,
        bytes: &[u8],
    ) -> Transferred {
        let part = self.parts.entry(content).or_default();
        let offset = offset as usize;
        if part.len() < offset {
            return Err(TransferFailure::FileLost);
        }
        part.truncate(offset);
        part.extend_from_slice(bytes);
        if (part.len() as u64) < size {
            return Ok(part.len() as u64);
        }
        let whole = std::mem::take(part);
        self.parts.remove(&content);
        match hash(&whole) == content {
            true => {
                self.whole.insert(content, whole);
                Ok(size)
            }
            false => Err(TransferFailure::Damaged),
        }
    }
}

impl Device {
    /// Somebody signed out: their files go.
    pub(crate) fn drop_files(&mut self) {
        self.files = Disk::default();
        self.downloaded.clear();
    }
}

type Transferred = Result<u64, TransferFailure>;

pub(crate) fn hash(bytes: &[u8]) -> ContentHash {
    ContentHash::from_bytes(Sha256::digest(bytes).into())
}

impl World {
    /// A file that somebody is about to send, on their disk.
    pub(crate) fn new_file(&mut self, index: DeviceIndex) -> Result<Attachment, String> {
        let length = self.rng.usize(0..350);
        let mut bytes = vec![0; length];
        self.rng.fill(&mut bytes);
        let sha256 = hash(&bytes);
        self.devices[index].files.whole.insert(sha256, bytes);
        Ok(Attachment {
            file_id: FileId::new(sha256.to_string()).map_err(|error| error.to_string())?,
            kind: AttachmentKind::File,
            name: "a.bin".to_owned(),
            mime_type: "application/octet-stream".to_owned(),
            size: length as u64,
            sha256,
            width: None,
            height: None,
            duration_ms: None,
            blurhash: None,
            thumbnail: None,
        })
    }

    /// Somebody opens a file, and sometimes closes it before it is there.
    pub(crate) fn open_file(&mut self, index: DeviceIndex, chosen: &ConversationItem) -> Step {
        let shown = self.devices[index].screen(&chosen.conversation_id)?;
        let attachments: Vec<Attachment> = shown
            .iter()
            .filter(|item| item.position.is_some())
            .flat_map(|item| item.content.attachments().to_vec())
            .collect();
        if attachments.is_empty() {
            return Ok(());
        }
        let wanted = attachments[self.rng.usize(0..attachments.len())].clone();
        let content = wanted.sha256;
        let device = &mut self.devices[index];
        if wanted.size == 0 || device.files.whole.contains_key(&content) {
            return Ok(());
        }
        let command = device.command(Waiting::Download { content });
        let id = DownloadId(command.0);
        let body = Command::Download {
            id,
            file_id: wanted.file_id,
            content,
            size: wanted.size,
            have: device.files.received(content),
        };
        self.handle(index, vec![Input::Command { command, body }])?;
        match self.rng.u32(0..4) {
            0 => self.handle(index, vec![Input::CancelDownload(id)]),
            _ => Ok(()),
        }
    }

    pub(crate) fn send_chunk(
        &mut self,
        process: Process,
        request: RequestId,
        part: FilePart,
        token: Secret,
    ) {
        let FilePart {
            file_id,
            content,
            offset,
            length,
        } = part;
        let files = &self.devices[process.device].files.whole;
        // A device that sends a file has it: a send is answered after the file is on the disk.
        let bytes = files.get(&content).map_or(&[][..], Vec::as_slice);
        let part = &bytes[offset as usize..(offset + length) as usize];
        let call = ApiRequest::SendChunk {
            file_id,
            offset,
            chunk: Chunk(part.to_vec()),
        };
        self.ask(process, request, Box::new(call), Some(token));
    }

    pub(crate) fn fetch_chunk(
        &mut self,
        process: Process,
        request: RequestId,
        part: FilePart,
        size: u64,
        token: Secret,
    ) {
        let FilePart {
            file_id,
            content,
            offset,
            length,
        } = part;
        let fetching = &mut self.devices[process.device].files.fetching;
        fetching.insert(request, (content, size));
        let call = ApiRequest::FetchChunk {
            file_id,
            offset,
            length,
        };
        self.ask(process, request, Box::new(call), Some(token));
    }

    /// What an answer is to the engine: parts of files are put on the disk first.
    pub(crate) fn answered(
        &mut self,
        index: DeviceIndex,
        request: RequestId,
        call: &ApiRequest,
        result: Result<Answer, RequestFailure>,
    ) -> Input {
        let now = self.time;
        let efforts = &mut self.devices[index].efforts;
        efforts.answered(request, call, &result, now);
        let result: Transferred = match (call, result) {
            (ApiRequest::SendChunk { .. }, Ok(Answer::UploadOffset(offset))) => Ok(offset),
            (ApiRequest::FetchChunk { offset, .. }, Ok(Answer::Fetched(Chunk(bytes)))) => {
                let files = &mut self.devices[index].files;
                match files.fetching.remove(&request) {
                    Some((content, size)) => files.append(content, size, *offset, &bytes),
                    None => Err(TransferFailure::FileLost),
                }
            }
            (ApiRequest::SendChunk { .. } | ApiRequest::FetchChunk { .. }, Err(failure)) => {
                Err(failure.into())
            }
            (_, result) => return Input::Answer { request, result },
        };
        let part = match call {
            ApiRequest::SendChunk { file_id, .. } => Some((Way::Up, file_id)),
            ApiRequest::FetchChunk { file_id, .. } => Some((Way::Down, file_id)),
            _ => None,
        };
        if let (Some((way, file_id)), Ok(there)) = (part, &result) {
            let efforts = &mut self.devices[index].efforts;
            efforts.transferred(request, way, file_id, *there);
        }
        Input::Transferred { request, result }
    }
}
