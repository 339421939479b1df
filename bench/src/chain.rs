//! A certificate authority that lives as long as the program: root, intermediate and leaf, ECDSA P-256.

use std::{path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::{
    CipherSuite, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tempfile::TempDir;

use crate::Failure;

/// The certificates of all servers here.
pub(crate) struct Chain {
    folder: TempDir,
    certificates: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Chain {
    pub(crate) fn new() -> Result<Self, Failure> {
        let keys = [KeyPair::generate()?, KeyPair::generate()?, KeyPair::generate()?];
        let [root_key, intermediate_key, key] = keys;
        let root = authority("bench root")?;
        let root_certificate = root.self_signed(&root_key)?;
        let root = Issuer::new(root, root_key);
        let intermediate = authority("bench intermediate")?;
        let intermediate_certificate = intermediate.signed_by(&intermediate_key, &root)?;
        let intermediate = Issuer::new(intermediate, intermediate_key);
        let leaf = CertificateParams::new(["localhost".to_owned()])?.signed_by(&key, &intermediate)?;
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("root.pem"), root_certificate.pem())?;
        let certificates = vec![leaf.der().clone(), intermediate_certificate.der().clone()];
        Ok(Self { folder, certificates, key: key.serialize_der() })
    }

    /// The root as a PEM file.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// A configuration of its own for each server: a session of one cannot be resumed at another, as in earnest.
    pub(crate) fn server(&self) -> Result<Arc<ServerConfig>, Failure> {
        let mut provider = rustls::crypto::ring::default_provider();
        // As AWS's own servers choose among the suites that a client offers.
        provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config = ServerConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions()?;
        let mut config = config.with_no_client_auth().with_single_cert(self.certificates.clone(), key)?;
        config.ignore_client_order = true;
        Ok(Arc::new(config))
    }
}

fn authority(name: &str) -> Result<CertificateParams, Failure> {
    let mut certificate = CertificateParams::new([])?;
    certificate.distinguished_name.push(DnType::CommonName, name);
    certificate.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    certificate.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(certificate)
}
