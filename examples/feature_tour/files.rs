//! Files: up behind the screen, through a storm, and down when somebody wants them.

use fulmar::{AttachmentKind, MessageState, NewAttachment, NewMessage};
use fulmar_mock_server::{Action, When, Where};

use crate::stage::{chapter, ensure, patiently, shows, step, text};
use crate::{Result, Tour};

impl Tour {
    pub(crate) async fn files(&mut self) -> Result<()> {
        chapter("Files");
        let hers = self.alice.create_direct("bob").await?;
        let his = self.bob.create_direct("alice").await?;
        let (mut on_hers, mut on_his) = (hers.timeline(), his.timeline());
        let film: Vec<u8> = (0..3_000_000_u32)
            .map(|number| (number % 251) as u8)
            .collect();

        step("Alice sends a film and a voice note, while requests about files are cut");
        let files = Where::Http("/v1/files".to_owned());
        for after in [2, 4, 6, 8] {
            let fault = When::at(files.clone()).after(after).then(Action::Cut);
            self.server.faults().add(fault);
        }
        let film_sent = NewAttachment::from_bytes("window.mp4", film.clone())
            .dimensions(1920, 1080)
            .duration(std::time::Duration::from_secs(12));
        let note = NewAttachment::from_bytes("note.ogg", film[..9_000].to_vec())
            .kind(AttachmentKind::Voice);
        let message = NewMessage::text("From the window").attach(film_sent);
        hers.send(message.attach(note)).await?;
        hers.send("And this comes after it").await?;

        step("The screen says how far it is, and what she wrote behind it keeps its place");
        shows(&mut on_hers, |items| {
            items.iter().any(|item| {
                matches!(item.state, MessageState::Uploading { sent, total } if 0 < sent && sent < total)
            })
        })
        .await?;
        shows(&mut on_his, |items| {
            let end = items.len().saturating_sub(2);
            text(items, end) == "From the window"
                && text(items, end + 1) == "And this comes after it"
        })
        .await?;

        step("Bob opens the film: it comes, is what she sent, and is here from then on");
        let message = on_his
            .messages()
            .find(|item| item.text() == "From the window");
        let attachments = message.ok_or("no film")?.content.attachments();
        let (film_sent, note) = (&attachments[0], &attachments[1]);
        ensure(note.kind == AttachmentKind::Voice, "the note is a voice")?;
        let mut download = self.bob.download(film_sent);
        let mut steps = 0;
        let path = patiently(async {
            while download.next().await.is_some() {
                steps += 1;
            }
            Ok(download.finish().await?)
        })
        .await?;
        ensure(steps > 1, "its progress was shown")?;
        ensure(std::fs::read(path)? == film, "every byte is there")?;
        let here = self.bob.downloaded(film_sent).await;
        ensure(here.is_some(), "it is on his device")?;
        self.server.faults().clear();
        Ok(())
    }
}
