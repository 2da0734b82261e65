//! TLS to the database: rustls with the system's roots and Mozilla's. Whether it is used, `sslmode` in the URL says.

use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use sync_core::ports::BoxError;
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) type Connector = MakeRustlsConnect;

pub(crate) fn connector() -> Result<Connector, BoxError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    // A database's own CA is usually among the system's, or named by SSL_CERT_FILE.
    for certificate in rustls_native_certs::load_native_certs().certs {
        // One that rustls cannot use is not the one that was meant.
        let _unusable = roots.add(certificate);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
