//! Something between a device and the server: it answers with conflicts that nobody has, or holds an answer back until
//! the device has almost, or just, given up waiting.

use fulmar_protocol::{ApiRequest, Code, HttpAnswer, Problem};

use crate::world::World;

/// How far from the end of the wait an answer that drips is whole, in virtual milliseconds.
const NEAR: u64 = 1_500;

impl World {
    /// A conflict that the server knows nothing of. The code of an operation that was done otherwise stands only before
    /// what reads: a server that says it of an operation is to be believed.
    pub(crate) fn conflict(&mut self, call: &ApiRequest) -> HttpAnswer {
        const STATUS: u16 = 409;
        let problem = |code| serde_json::to_vec(&Problem::new(code, "x")).unwrap_or_default();
        let body = match self.rng.u32(0..4) {
            0 => b"<html>Conflict</html>".to_vec(),
            1 => br#"{"code": "conflict", "title": "x", "status": 409}"#.to_vec(),
            2 if reads(call) => problem(Code::OperationConflict),
            _ => problem(Code::UploadConflict),
        };
        HttpAnswer::new(STATUS, body)
    }

    /// When an answer is whole that comes in drips.
    pub(crate) fn drip(&mut self) -> u64 {
        let patience = self.deployment.client.answer_timeout.as_millis();
        let patience = u64::try_from(patience).unwrap_or(u64::MAX);
        let near = self.rng.u64(0..2 * NEAR);
        self.time + (patience + near).saturating_sub(NEAR)
    }
}

fn reads(call: &ApiRequest) -> bool {
    matches!(
        call,
        ApiRequest::Sync { .. }
            | ApiRequest::Snapshot
            | ApiRequest::Messages { .. }
            | ApiRequest::Search { .. }
            | ApiRequest::Versions { .. }
    )
}
