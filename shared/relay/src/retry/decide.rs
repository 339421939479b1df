//! Placeholder.
use super::{Call, Circumstances, Decision, Outcome};
/// What the outcome of this call means under these circumstances.
pub fn decide(_call: Call, _outcome: &Outcome, _circumstances: &Circumstances) -> Decision {
    todo!()
}
