//! Placeholder.
/// Placeholder.
pub async fn claim() {}
/// Placeholder.
pub async fn update() {}
