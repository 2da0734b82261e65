//! A certificate of its own for each store, for loopback.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::error::Error;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// The names that the certificate is for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// How connections are taken, and the certificate that clients must trust.
pub(crate) fn acceptor() -> Result<(TlsAcceptor, CertificateDer<'static>), Box<dyn Error + Send + Sync>> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(NAMES.map(str::to_owned))?;
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), certificate))
}
