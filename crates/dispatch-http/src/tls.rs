//! TLS: which roots are trusted, verification switched off, and what a failed handshake is called.

use crate::{Options, OptionsError};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::error::Error;
use std::io;
use std::sync::Arc;

/// The provider is always named: a process default is whatever another crate happened to install.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A configuration that verifies the server's certificate against Mozilla's roots and those of `options`.
pub(crate) fn verified(options: &Options) -> Result<ClientConfig, OptionsError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if options.native_roots {
        let native = rustls_native_certs::load_native_certs();
        // A system's store often holds a few certificates that do not parse; one that gives none is a mistake.
        let (added, _) = roots.add_parsable_certificates(native.certs);
        if added == 0 {
            return Err(OptionsError::NativeRoots(native.errors.into_iter().next()));
        }
    }
    if let Some(pem) = &options.extra_roots_pem {
        let mut added = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(OptionsError::ExtraRootsPem)?).map_err(OptionsError::ExtraRoot)?;
            added += 1;
        }
        if added == 0 {
            return Err(OptionsError::ExtraRootsEmpty);
        }
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(OptionsError::Provider)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// A configuration that takes any certificate.
pub(crate) fn unverified() -> Result<ClientConfig, OptionsError> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(OptionsError::Provider)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider())))
        .with_no_client_auth();
    Ok(config)
}

/// Takes any certificate, but still holds the server to owning it.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The TLS error that lies beneath an error, if one does.
pub(crate) fn fault_beneath<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(fault) = error.downcast_ref::<rustls::Error>() {
            return Some(fault);
        }
        // `source` of an I/O error skips the error that it wraps.
        next = match error.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// Why a server refuses the handshake, in words, where a fault says that it does.
pub(crate) fn refusal(fault: &io::Error) -> Option<String> {
    use rustls::AlertDescription as Alert;
    match fault_beneath(fault)? {
        rustls::Error::AlertReceived(Alert::CertificateRequired) => Some(
            "the server refused TLS: CertificateRequired, it asks for a client certificate, and crm-sync has none to send"
                .to_owned(),
        ),
        fault @ rustls::Error::AlertReceived(
            Alert::BadCertificate | Alert::UnknownCA | Alert::AccessDenied | Alert::HandshakeFailure,
        ) => Some(fault_words(fault)),
        _ => None,
    }
}

/// A failed handshake in words.
pub(crate) fn handshake_words(target: &str, error: &(dyn Error + 'static)) -> String {
    match fault_beneath(error) {
        Some(rustls::Error::InvalidMessage(_)) => format!("{target} does not speak TLS"),
        Some(fault) => fault_words(fault),
        None => format!("{target} ended the connection within the TLS handshake"),
    }
}

/// A TLS error in words.
pub(crate) fn fault_words(fault: &rustls::Error) -> String {
    match fault {
        rustls::Error::InvalidCertificate(fault) => {
            // The variant's name says it; what it carries can be pages of names.
            let name = format!("{fault:?}");
            let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            format!("certificate not trusted: {}", name.trim_end_matches("Context"))
        }
        rustls::Error::AlertReceived(alert) => format!("the server refused TLS: {alert:?}"),
        fault => sync_core::text::cut(&format!("TLS: {fault}"), 200).0.to_owned(),
    }
}
