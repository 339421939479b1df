//! What a built function must not hold, whatever the dependencies say: a second TLS library, HTTP/2, the old hyper.

use std::{fs, path::Path};

use crate::Failure;

/// Traces that these libraries leave in a program, be it stripped or not: symbols, names of shared objects, paths in
/// messages of panics.
const TRACES: [(&str, &str); 7] = [
    ("aws-lc", "aws_lc_0_"),
    ("aws-lc", "/aws-lc-"),
    ("OpenSSL", "libssl.so"),
    ("OpenSSL", "libcrypto.so"),
    ("OpenSSL", "SSL_CTX_new"),
    ("h2", "/h2-0."),
    ("hyper 0.14", "/hyper-0."),
];

/// Fails if the program holds any of them.
pub(crate) fn check(program: &Path) -> Result<(), Failure> {
    let content = fs::read(program).map_err(|error| format!("{}: {error}", program.display()))?;
    match found(&content) {
        Some(library) => Err(format!("{} holds {library}", program.display()).into()),
        None => Ok(()),
    }
}

fn found(content: &[u8]) -> Option<&'static str> {
    let holds = |trace: &[u8]| {
        let first = trace.first().copied();
        content.iter().enumerate().any(|(place, byte)| Some(*byte) == first && content[place..].starts_with(trace))
    };
    TRACES.iter().find(|(_, trace)| holds(trace.as_bytes())).map(|(library, _)| *library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_found_and_what_is_alike_is_not() {
        assert_eq!(found(b"\0_aws_lc_0_30_0_SHA256\0"), Some("aws-lc"));
        assert_eq!(found(b"registry/src/hyper-0.14.30/src/client.rs"), Some("hyper 0.14"));
        // reqwest names it in a message.
        assert_eq!(found(b"for example: `rustls::crypto::aws_lc_rs::default_provider()`"), None);
        assert_eq!(found(b"ring_core_0_17_14__OPENSSL_cpuid_setup /hyper-1.12.0/src aws-lambda"), None);
    }

    /// So that an empty result means something.
    #[test]
    fn this_very_test_holds_the_traces_that_it_looks_for() {
        assert!(check(&std::env::current_exe().unwrap()).is_err());
    }
}
