//! One TLS configuration for every connection: rustls with ring and compiled-in web roots.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::config::ConfigError;

/// The client configuration. `ca_file` (from the variable `variable`) adds root certificates from a PEM file.
///
/// # Errors
/// The file cannot be read, or holds no certificate.
pub fn client_config(variable: &'static str, ca_file: Option<&str>) -> Result<Arc<ClientConfig>, ConfigError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    if let Some(path) = ca_file {
        let problem = |detail: String| ConfigError { name: variable, problem: format!("names {path}: {detail}") };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| problem(error.to_string()))?;
        let mut added = 0;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| problem(error.to_string()))?;
            roots.add(certificate).map_err(|error| problem(error.to_string()))?;
            added += 1;
        }
        if added == 0 {
            return Err(problem("the file holds no PEM certificate".into()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError { name: variable, problem: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
