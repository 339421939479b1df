//! `order.written` and `customer.written`: lists of rows that were written, by their ids
//! (<https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/webhook.html>).

use std::collections::HashMap;

use super::{is_id, reference};
use crate::{
    event::EventType,
    message::{Reference, ReferenceKind},
    source::{
        Context, Json, Outcome,
        payload::{first, text},
    },
};

/// Orders are kept in versions; drafts of the administration are others.
const LIVE_VERSION: &str = "0fa91ce3e96a4bc2be4bd9ce752c3425";

/// A reference to each row that is new or changed.
pub(super) fn read(payload: &Json<'_>, kind: ReferenceKind, context: &Context<'_>) -> Outcome {
    let mut references: Vec<Reference> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut reason = "nothing_written";
    for row in payload.as_array().into_iter().flatten() {
        let event = event(kind, row);
        match written(row, kind).and_then(|id| context.unwanted(event).map_or(Ok(id), Err)) {
            Ok(id) => match known.get(&id).and_then(|at| references.get_mut(*at)) {
                // A row that was made and changed at once is new.
                Some(known) if event == EventType::OrderPlaced => known.event = event,
                Some(_) => {}
                None => {
                    known.insert(id.clone(), references.len());
                    references.push(reference(kind, id, event));
                }
            },
            Err(why) => reason = why,
        }
    }
    if references.is_empty() { Outcome::Ignored(reason) } else { Outcome::References(references) }
}

fn event(kind: ReferenceKind, row: &Json<'_>) -> EventType {
    match (kind, text(row, &["operation"]).as_deref()) {
        (ReferenceKind::Order, Some("insert")) => EventType::OrderPlaced,
        (ReferenceKind::Order, _) => EventType::OrderUpdated,
        _ => EventType::CustomerUpdated,
    }
}

/// The row's id, or why it does not matter.
fn written(row: &Json<'_>, kind: ReferenceKind) -> Result<String, &'static str> {
    if text(row, &["entity"]).is_some_and(|entity| entity != kind.name()) {
        return Err("other_entity");
    }
    if text(row, &["operation"]).as_deref() == Some("delete") {
        return Err("deleted");
    }
    // Rows with a version have a compound key in some versions of Shopware.
    let version = first(row, &[&["versionId"], &["primaryKey", "versionId"]]);
    if version.is_some_and(|version| version != LIVE_VERSION) {
        return Err("not_live_version");
    }
    first(row, &[&["primaryKey", "id"], &["primaryKey"]]).filter(|id| is_id(id)).ok_or("no_primary_key")
}
