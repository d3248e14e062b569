//! Carries parts of files between the disk and the network, one at a time, as the engine asks for them.

use std::io;
use std::sync::Arc;

use fulmar_engine::{FilePart, Input, RequestFailure, RequestId, TransferFailure};
use fulmar_protocol::{Answer, ApiRequest, Chunk, Secret};

use super::app_work::AppWork;
use crate::files::{Appended, Files};
use crate::transport::Http;

#[derive(Debug, Clone)]
pub(super) struct FileTransfer {
    pub(super) http: Http,
    pub(super) files: Arc<Files>,
    /// The end waits until nothing is read or written any more.
    pub(super) work: AppWork,
}

type Transferred = Result<u64, TransferFailure>;

impl FileTransfer {
    /// From the disk to the server.
    pub(super) async fn send(self, request: RequestId, part: FilePart, token: Secret) -> Input {
        let result = self.sent(part, &token).await;
        Input::Transferred { request, result }
    }

    /// From the server to the disk.
    pub(super) async fn fetch(
        self,
        request: RequestId,
        part: FilePart,
        size: u64,
        token: Secret,
    ) -> Input {
        let result = self.fetched(part, size, &token).await;
        Input::Transferred { request, result }
    }

    /// No file of a message is to stay: they are gone when this returns, before anybody can sign in again.
    /// What cannot be removed now goes when the store is next opened.
    pub(super) fn drop_files(&self) {
        if let Err(error) = self.files.clear() {
            tracing::warn!(%error, "files could not be removed");
        }
    }

    async fn sent(&self, part: FilePart, token: &Secret) -> Transferred {
        let FilePart {
            file_id,
            content,
            offset,
            length,
        } = part;
        let read = self.on_disk(move |files| files.read(content, offset, length));
        let bytes = read.await?.ok_or(TransferFailure::FileLost)?;
        let call = ApiRequest::SendChunk {
            file_id,
            offset,
            chunk: Chunk(bytes),
        };
        let Answer::UploadOffset(offset) = self.http.ask(&call, Some(token)).await? else {
            return Err(another_answer());
        };
        Ok(offset)
    }

    async fn fetched(&self, part: FilePart, size: u64, token: &Secret) -> Transferred {
        let FilePart {
            file_id,
            content,
            offset,
            length,
        } = part;
        let call = ApiRequest::FetchChunk {
            file_id,
            offset,
            length,
        };
        let Answer::Fetched(Chunk(bytes)) = self.http.ask(&call, Some(token)).await? else {
            return Err(another_answer());
        };
        let appended = self.on_disk(move |files| files.append(content, size, offset, &bytes));
        match appended.await? {
            Appended::Upto(received) => Ok(received),
            Appended::Lost => Err(TransferFailure::FileLost),
            Appended::Damaged => Err(TransferFailure::Damaged),
        }
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> io::Result<T> + Send + 'static,
    ) -> Result<T, TransferFailure> {
        let files = Arc::clone(&self.files);
        let work = move || work(&files);
        match self.work.run(work).await {
            Some(Ok(done)) => Ok(done),
            Some(Err(error)) => Err(TransferFailure::Disk(error.to_string())),
            // It panicked, which was reported where it happened.
            None => Err(TransferFailure::Disk("it came to no end".to_owned())),
        }
    }
}

fn another_answer() -> TransferFailure {
    RequestFailure::other_answer().into()
}
