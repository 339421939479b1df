//! Pushes, news and teasers: entries at WEBSALE that are created inactive, then activated, then (pushes) sent.

use std::collections::BTreeSet;

use super::{
    Step,
    work::{Stop, Work},
};
use crate::{
    destination::websale::{
        answer::EntryAnswer,
        body::{ACTIVATE, DEACTIVATE, Entry},
    },
    forward::attempt::failure,
    ledger::Row,
    queue::Settlement,
    retry::{Call, Decision},
};

/// WEBSALE's answer to sending what is no push, is not active, or was sent already.
const NOT_SENDABLE: u16 = 406;

impl Work<'_> {
    /// Makes WEBSALE's entry say what it is to say, still inactive if it was so.
    pub(super) async fn write_entry(&mut self, entry: &Entry, hash: &str) -> Step<()> {
        match self.row.remote_id.clone() {
            None => self.create(entry, hash).await,
            Some(id) => self.edit(&id, entry, hash).await,
        }
    }

    /// Edits what has changed. What is about to change is forgotten first: whether a call without an answer got through
    /// nobody ever learns, and the next edit must not leave out what it may have changed.
    async fn edit(&mut self, id: &str, entry: &Entry, hash: &str) -> Step<()> {
        let digests = entry.digests();
        if let Some(body) = entry.edit_body(&self.row.entry_fields) {
            let certain: BTreeSet<_> = digests.intersection(&self.row.entry_fields).cloned().collect();
            if certain != self.row.entry_fields {
                self.remember(|row| Row { entry_fields: certain.clone(), ..row }).await?;
            }
            self.call(Call::WebsaleEdit, |calls| calls.edit(id, body.clone())).await?;
        } else if self.row.content_hash.as_deref() == Some(hash) {
            return Ok(());
        }
        let content_hash = Some(hash.to_owned());
        self.remember(|row| Row { entry_fields: digests.clone(), content_hash: content_hash.clone(), ..row }).await
    }

    async fn create(&mut self, entry: &Entry, hash: &str) -> Step<()> {
        let response = self.call(Call::WebsaleCreate, |calls| calls.create(entry.create_body())).await?;
        let Some(id) = EntryAnswer::read(&response).id else {
            // There may be an entry, inactive and invisible; without its id nothing can be done with it.
            return Err(self.park("no_entry_id", "WEBSALE's answer to create holds no id").await);
        };
        self.remember(|mut row| {
            row.remote_id = Some(id.clone());
            row.content_hash = Some(hash.to_owned());
            row.entry_fields = entry.digests();
            row.steps.created = true;
            row
        })
        .await
    }

    /// Shows the entry. News and teasers are delivered with that.
    pub(super) async fn activate(&mut self) -> Step<()> {
        if self.row.steps.activated {
            return Ok(());
        }
        self.edit_activity(true).await?;
        Ok(())
    }

    /// Takes the entry off the devices. Done even if the entry is not known to be active: a crash may have come between
    /// the call and the note.
    pub(super) async fn deactivate(&mut self) -> Step<EntryAnswer> {
        self.edit_activity(false).await
    }

    async fn edit_activity(&mut self, active: bool) -> Step<EntryAnswer> {
        let id = self.entry_id().await?;
        let body = if active { ACTIVATE } else { DEACTIVATE };
        let response = self.call(Call::WebsaleEdit, |calls| calls.edit(&id, body.clone())).await?;
        self.remember(|mut row| {
            row.steps.activated = active;
            row
        })
        .await?;
        Ok(EntryAnswer::read(&response))
    }

    /// Sends a push that is due.
    pub(super) async fn send_push(&mut self) -> Step<Settlement> {
        self.activate().await?;
        let id = self.entry_id().await?;
        if let Err(stop) = self.try_call(Call::WebsaleSend, |calls| calls.send(&id)).await {
            let refused =
                matches!(&stop, Stop::Outcome(Decision::Park { failure }) if failure.status == Some(NOT_SENDABLE));
            if !refused {
                return Err(self.stopped(stop).await);
            }
            self.resolve_refusal(&id).await?;
        }
        Ok(self.delivered("delivered", |row| row.steps.sent = true).await)
    }

    /// A refused send may mean that an earlier one, whose answer was lost, got through. Activating once more returns
    /// the entry, and the entry says whether it was sent.
    async fn resolve_refusal(&mut self, id: &str) -> Step<()> {
        match self.edit_activity(true).await?.sent {
            Some(true) => Ok(()),
            Some(false) => self.call(Call::WebsaleSend, |calls| calls.send(id)).await.map(|_| ()),
            None => {
                let mut failure = failure("send_refused", "WEBSALE does not say whether the push was sent before");
                failure.status = Some(NOT_SENDABLE);
                Err(self.attempt.fail(&self.row, &Decision::Unknown { failure }).await)
            }
        }
    }

    async fn entry_id(&self) -> Step<String> {
        match &self.row.remote_id {
            Some(id) => Ok(id.clone()),
            None => Err(self.park("no_entry_id", "the ledger knows no entry of this promotion").await),
        }
    }
}
