//! TLS: a certificate and its key.

use anyhow::Context;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What is needed to speak TLS.
#[derive(Clone)]
pub struct Tls(pub(super) TlsAcceptor);

impl Tls {
    /// Reads a certificate with its chain, and its key; both PEM.
    ///
    /// # Errors
    /// Where a file cannot be read, or they do not belong together.
    pub fn read(certificate: &Path, key: &Path) -> anyhow::Result<Tls> {
        let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.with_context(|| format!("{} 里读不出证书（PEM）", certificate.display()))?;
        let key = PrivateKeyDer::from_pem_file(key).with_context(|| format!("{} 里读不出私钥（PEM）", key.display()))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions()?;
        let config = config.with_no_client_auth().with_single_cert(chain, key).context("证书和私钥对不上")?;
        Ok(Tls(TlsAcceptor::from(Arc::new(config))))
    }
}
