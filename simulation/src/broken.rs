//! Deliberately broken products: each breaks one rule, and the simulation has to notice.
