//! What a world costs in which nothing happens: test suites make one for each of their tests.

use std::path::Path;

use crate::server::Server;
use crate::{Trouble, say, trouble};

/// The most that an empty world may take, in bytes.
const MOST: u64 = 200_000;
/// Before the first figure, so that what all worlds share is there.
const FIRST: u64 = 20;
const MORE: u64 = 200;

pub(crate) async fn measure(program: &Path) -> Result<(), Trouble> {
    let (server, admin) = Server::with_admin(program).await?;
    let client = reqwest::Client::builder().build().map_err(trouble)?;
    let begin = async |count| {
        for _ in 0..count {
            let request = client
                .post(format!("{admin}/admin/worlds"))
                .header("content-type", "application/json")
                .body("{}");
            let answer = request.send().await.map_err(trouble)?;
            answer.error_for_status().map_err(trouble)?;
        }
        Ok::<_, Trouble>(server.memory())
    };
    let (Some(before), Some(after)) = (begin(FIRST).await?, begin(MORE).await?) else {
        return Ok(());
    };
    let each = after.saturating_sub(before) / MORE;
    say("memory per empty world", &format!("{} KiB", each / 1024));
    match each <= MOST {
        true => Ok(()),
        false => Err(trouble(format!(
            "an empty world takes more than {MOST} bytes"
        ))),
    }
}
