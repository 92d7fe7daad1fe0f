//! TLS towards clients: certificates that are read again when they change, and who a client's certificate names.

use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::ring::Ticketer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ProducesTickets, WebPkiClientVerifier};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::config::Tls;
use crate::consumer::Consumer;
use crate::diagnostic::{Diagnostic, Diagnostics, Spanned};

/// The server's side of TLS, of the moment.
#[derive(Clone)]
pub(in crate::gateway) struct ServerTls {
    config: Arc<ArcSwap<ServerConfig>>,
}

// === impl ServerTls ===

impl ServerTls {
    pub(in crate::gateway) fn new(config: Arc<ServerConfig>) -> Self {
        Self { config: Arc::new(ArcSwap::new(config)) }
    }

    pub(in crate::gateway) fn config(&self) -> Arc<ServerConfig> {
        self.config.load_full()
    }

    /// New connections are made with another one.
    pub(in crate::gateway) fn swap(&self, config: Arc<ServerConfig>) {
        self.config.store(config);
    }
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let config = self.config();
        let protocols: Vec<_> = config.alpn_protocols.iter().map(|name| String::from_utf8_lossy(name)).collect();
        f.debug_struct("ServerTls").field("protocols", &protocols).finish_non_exhaustive()
    }
}

/// The server's side of TLS, as `[gateway.tls]` has it. What is wrong with its files is a finding.
pub(in crate::gateway) fn server_config(spec: &Tls, found: &mut Diagnostics) -> Option<Arc<ServerConfig>> {
    let (chain, key) = (certificates(&spec.certificate, found), private_key(&spec.key, found));
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().ok()?;
    let mut authorities = Vec::new();
    let builder = match &spec.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            authorities = certificates(file, found)?;
            roots.add_parsable_certificates(authorities.iter().cloned());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
            let verifier = if spec.client_optional { verifier.allow_unauthenticated() } else { verifier };
            let message =
                |error| format!("`{}` cannot be used to verify client certificates: {error}", file.value.display());
            let help = "use a PEM file with the CA certificates of clients";
            let refuse = |error| found.push(Diagnostic::error("bad-tls", message(error), file.span).help(help));
            builder.with_client_cert_verifier(verifier.build().map_err(refuse).ok()?)
        }
    };
    let message = |error| format!("`{}` does not match the certificate: {error}", spec.key.value.display());
    let help = "use the private key of the certificate, with the certificate first in its chain";
    let refuse = |error| found.push(Diagnostic::error("bad-tls", message(error), spec.key.span).help(help));
    let mut config = builder.with_single_cert(chain?, key?).map_err(refuse).ok()?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = tickets(&authorities)?;
    Some(Arc::new(config))
}

/// What makes session tickets, for as long as the process lives: a client resumes its session after a reload too. A ticket also
/// vouches for the client's certificate, so with other authorities there are other tickets.
fn tickets(authorities: &[CertificateDer<'static>]) -> Option<Arc<dyn ProducesTickets>> {
    type Known = Option<(Vec<CertificateDer<'static>>, Arc<dyn ProducesTickets>)>;
    static KNOWN: Mutex<Known> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((of, tickets)) = &*known
        && of == authorities
    {
        return Some(Arc::clone(tickets));
    }
    let tickets = Ticketer::new().ok()?;
    *known = Some((authorities.to_vec(), Arc::clone(&tickets)));
    Some(tickets)
}

/// Another one for another content; `None` if the file cannot be read. Not the time of the last change: a file may be replaced
/// by one that is as old, and some file systems count whole seconds.
pub(in crate::gateway) fn stamp(file: &Path) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&std::fs::read(file).ok()?);
    Some(hasher.finish())
}

pub(in crate::gateway) fn certificates(
    file: &Spanned<PathBuf>,
    found: &mut Diagnostics,
) -> Option<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(&file.value).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let problem = match read {
        Ok(list) if list.is_empty() => "it has no certificate".to_owned(),
        Ok(list) => return Some(list),
        Err(error) => error.to_string(),
    };
    found.push(unreadable(file, &problem, "use a PEM file with certificates"));
    None
}

pub(in crate::gateway) fn private_key(
    file: &Spanned<PathBuf>,
    found: &mut Diagnostics,
) -> Option<PrivateKeyDer<'static>> {
    let refuse = |error: tokio_rustls::rustls::pki_types::pem::Error| {
        found.push(unreadable(file, &error.to_string(), "use a PEM file with a private key"));
    };
    PrivateKeyDer::from_pem_file(&file.value).map_err(refuse).ok()
}

fn unreadable(file: &Spanned<PathBuf>, problem: &str, help: &str) -> Diagnostic {
    Diagnostic::error("bad-tls", format!("cannot read `{}`: {problem}", file.value.display()), file.span).help(help)
}

pub(in crate::gateway) fn provider() -> Arc<CryptoProvider> {
    Arc::new(tokio_rustls::rustls::crypto::ring::default_provider())
}

/// Whom a checked certificate names: its first URI (SPIFFE), else its first DNS name.
pub(in crate::gateway) fn subject(certificate: &CertificateDer<'_>) -> Option<Consumer> {
    let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
    let uri = certificate.valid_uri_names().next();
    uri.or_else(|| certificate.valid_dns_names().next()).map(Consumer::new)
}
