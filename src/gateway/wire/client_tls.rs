//! TLS towards instances.

use std::sync::Arc;

use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::tls::{certificates, private_key, provider};
use crate::config::UpstreamTls;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

/// The client's side of TLS, as an upstream's `tls` has it. What is wrong with its files is a finding.
pub(in crate::gateway) fn client_config(
    spec: &UpstreamTls,
    http2: bool,
    found: &mut Diagnostics,
) -> Option<Arc<ClientConfig>> {
    let roots = roots(spec, found)?;
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots);
    let mut config = match &spec.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let (chain, private) = (certificates(certificate, found), private_key(key, found));
            builder
                .with_client_auth_cert(chain?, private?)
                .map_err(|error| {
                    found.push(problem(
                        key.span,
                        format!(
                            "the key does not match the certificate: \
                     {error}"
                        ),
                    ))
                })
                .ok()?
        }
    };
    config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    Some(Arc::new(config))
}

fn roots(spec: &UpstreamTls, found: &mut Diagnostics) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match &spec.ca {
        Some(file) => {
            let added = roots.add_parsable_certificates(certificates(file, found)?);
            if added.0 == 0 {
                found.push(problem(file.span, format!("`{}` has no certificate", file.value.display())));
                return None;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Some(roots)
}

fn problem(span: Span, message: String) -> Diagnostic {
    Diagnostic::error("bad-tls", message, span).help("use the private key of the certificate, and complete PEM files")
}
