//! What identifies consumers and is not in the config: the secret under which API keys are hashed, and the public keys of
//! tokens.

use std::path::Path;

use crate::catalog::{Api, ConsumerSource, KeysSpec};
use crate::config::GatewaySpec;
use crate::consumer::ConsumerSecret;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

/// Gives the secret to the apis that have keys to hash.
pub(super) fn hash_keys(gateway: &GatewaySpec, apis: &mut [Api], found: &mut Diagnostics) {
    let has_key = |api: &Api| api.consumer.iter().any(|source| matches!(source.value, ConsumerSource::Key(_)));
    let Some(place) = place(gateway) else { return };
    let before = found.errors();
    let secret = read(gateway, found);
    if !apis.iter().any(has_key) {
        if found.errors() == before {
            let message = "no api reads a key as its consumer, so the secret is not used";
            let warning = Diagnostic::warning("unused-consumer-secret", message, place);
            found
                .push(warning.help("add `{ key = { header = \"X-Api-Key\" } }` to `consumer` of an api, or remove it"));
        }
        return;
    }
    for api in apis.iter_mut().filter(|api| has_key(api) && api.consumer_secret.is_none()) {
        // Why there is none has been said: the apis need not say that it is missing.
        api.consumer_secret = secret.clone().or_else(|| ConsumerSecret::new([0; 32]).ok());
    }
}

/// Reads the keys that tokens are verified with.
pub(super) fn read_token_keys(apis: &mut [Api], found: &mut Diagnostics) {
    for source in apis.iter_mut().flat_map(|api| &mut api.consumer) {
        let ConsumerSource::Claim(claim) = &mut source.value else { continue };
        let KeysSpec::File(file) = &claim.keys else { continue };
        match std::fs::read_to_string(file) {
            Ok(jwks) => claim.keys = KeysSpec::Json(jwks, Some(file.clone())),
            Err(error) => {
                let message = format!("cannot read the keys in `{}`: {error}", file.display());
                let finding = Diagnostic::error("unreadable-jwks", message, source.span);
                found.push(finding.help("write the path of the JWK Set of the issuer"));
            }
        }
    }
}

/// Where the config has its secret.
pub(super) fn place(gateway: &GatewaySpec) -> Option<Span> {
    let file = gateway.consumer_secret_file.as_ref().map(|file| file.span);
    file.or(gateway.consumer_secret.as_ref().map(|secret| secret.span))
}

pub(super) fn read(gateway: &GatewaySpec, found: &mut Diagnostics) -> Option<ConsumerSecret> {
    let mut refuse = |message: String, span| {
        let help = "use a secret of at least 16 bytes, such as the output of `openssl rand -hex 32`";
        found.push(Diagnostic::error("bad-consumer-secret", message, span).help(help));
    };
    if let Some(file) = &gateway.consumer_secret_file {
        let read = secret_file(&file.value);
        return read.map_err(|error| refuse(format!("`{}`: {error}", file.value.display()), file.span)).ok();
    }
    let secret = gateway.consumer_secret.as_ref()?;
    let read = ConsumerSecret::new(secret.expose());
    read.map_err(|error| refuse(format!("`consumer_secret`: {error}"), secret.span)).ok()
}

fn secret_file(path: &Path) -> Result<ConsumerSecret, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read the secret: {error}"))?;
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    ConsumerSecret::new(text.strip_suffix(b"\r").unwrap_or(text)).map_err(|error| error.to_string())
}
