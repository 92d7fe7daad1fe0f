//! The signatures of tokens, by the library that TLS uses.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{Error, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: |algorithm, key| Ok(Box::new(SignatureVerifier { algorithm: *algorithm, key: key.clone() })),
    key_utils: KeyUtils::new_unimplemented(),
};

/// The signatures of one key.
struct SignatureVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

/// The provider is one for the process: if the program around this one has its own, that one serves as well.
pub(super) fn install() {
    if CryptoProvider::try_get_default().is_none() {
        let _: std::result::Result<(), _> = PROVIDER.install_default();
    }
}

// === impl SignatureVerifier ===

impl SignatureVerifier {
    fn rsa(&self) -> Option<&'static RsaParameters> {
        match self.algorithm {
            Algorithm::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
            Algorithm::RS384 => Some(&RSA_PKCS1_2048_8192_SHA384),
            Algorithm::RS512 => Some(&RSA_PKCS1_2048_8192_SHA512),
            Algorithm::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
            Algorithm::PS384 => Some(&RSA_PSS_2048_8192_SHA384),
            Algorithm::PS512 => Some(&RSA_PSS_2048_8192_SHA512),
            _ => None,
        }
    }

    fn curve(&self) -> Option<&'static dyn VerificationAlgorithm> {
        match self.algorithm {
            Algorithm::ES256 => Some(&ECDSA_P256_SHA256_FIXED),
            Algorithm::ES384 => Some(&ECDSA_P384_SHA384_FIXED),
            Algorithm::EdDSA => Some(&ED25519),
            _ => None,
        }
    }
}

impl Verifier<Vec<u8>> for SignatureVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let verified = match self.key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                let start = n.iter().position(|b| *b != 0).unwrap_or(n.len());
                let key = RsaPublicKeyComponents { n: &n[start..], e };
                key.verify(self.rsa().ok_or_else(Error::new)?, message, signature)
            }
            DecodingKeyKind::SecretOrDer(key) => {
                UnparsedPublicKey::new(self.curve().ok_or_else(Error::new)?, key).verify(message, signature)
            }
        };
        verified.map_err(|_| Error::new())
    }
}

impl JwtVerifier for SignatureVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
