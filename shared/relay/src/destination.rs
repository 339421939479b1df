//! Destinations: what each one's requests look like, and what its answers mean.

pub mod websale;
pub mod websand;
