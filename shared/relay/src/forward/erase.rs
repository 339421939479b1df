//! Privacy requests: what is held about a person is listed, or deleted.

use super::attempt::Attempt;
use crate::{
    message::{Person, Whose},
    queue::Settlement,
    retry::PUT_BACK,
};

/// Forgets a person, or a whole shop.
pub(super) async fn erase(_attempt: &Attempt<'_>, _whose: &Whose) -> Result<Settlement, Settlement> {
    Err(Settlement::Back { after: PUT_BACK })
}

/// Notes what is held about a person.
pub(super) async fn data_request(_attempt: &Attempt<'_>, _person: &Person) -> Result<Settlement, Settlement> {
    Err(Settlement::Back { after: PUT_BACK })
}
