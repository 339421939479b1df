//! The operator's commands: the real binary against a data directory, and against a loopback server that speaks AWS.

#[cfg(test)]
mod operating {
    mod aws;
    mod backfill;
    mod dead;
    mod deliveries;
    mod doctor;
    mod forget;
    mod loopback;
    mod pause;
    mod promotion;
    mod resolve;
    mod shops;
    mod world;
}
