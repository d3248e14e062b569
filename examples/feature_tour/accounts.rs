//! The account: blocking, and the end of it.

use fulmar::{SessionState, SignOut};

use crate::stage::{chapter, ensure, listed, patiently, step, titled, told};
use crate::{Result, Tour};

impl Tour {
    pub(crate) async fn accounts(&mut self) -> Result<()> {
        chapter("Accounts");
        step("Alice blocks Bob: neither of them writes to the other");
        let hers = self.alice.create_direct("bob").await?;
        self.alice.account().block("bob").await?;
        listed(&self.alice, |items| {
            titled(items, "Bob").is_some_and(|item| item.blocked)
        })
        .await?;
        println!("      Alice writes: {}", told(hers.send("Hello?").await));
        self.alice.account().unblock("bob").await?;

        step("Carol signs out as soon as everything is sent, and deletes her account");
        let group = self.carol.create_group("For a moment", ["alice"]).await?;
        group.send("Before I go").await?;
        patiently(async { Ok(self.carol.sign_out(SignOut::Wait).await?) }).await?;
        self.carol.sign_in("carol", "carol-password").await?;
        self.carol.account().delete("carol-password").await?;
        ensure(
            self.carol.session() == SessionState::SignedOut,
            "she is out",
        )?;
        let again = self.carol.sign_in("carol", "carol-password").await;
        println!("      Carol signs in again: {}", told(again));
        Ok(())
    }
}
