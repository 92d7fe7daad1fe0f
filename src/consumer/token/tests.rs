use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

use super::*;

/// A key that was made for these tests.
const RSA_N: &str = "nsrN_ArYgoVHb4efkpRbZkCBpGAqvIV3a9PFJfr4jnswlPQDFZ6a0aEohXVyPPYWtdXMxAPVOX1pnnXdZyCJ5YBwNl2iRWb2Kcj6pKGxLXyKS4tG26DctSj0xsg_xJWY2E6kQr4BZig1JghBA-myOLYXtILB7X8xP8b5Ymu5aeSRd72yGfCIiEwCdp_i2CS5Gm5JLbIIPhI5RYUos8K4TN0rkH0-1td4xQxtjmsjHq_huN0VwphJrLnrstblZ0SW5TDdSciX2EUsLWD3njVFOWq5VgBhit3uvyWbkQqxtdaEVyjMh3gkmX8DjQ2nC_p-EmA-M077KiA_-6J8JKHC-Q";
/// `{"iss":"https://id.example","aud":["shop","x"],"azp":"acme","exp":2000,"nbf":1000}`, in RS256 and in PS256.
const RS256: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOlsic2hvcCIsIngiXSwiYXpwIjoiYWNtZSIsImV4cCI6MjAwMCwibmJmIjoxMDAwfQ.enFN46DzETUiUCRmqUn08QygJ2FZ5SYktyuLkqToI4nQHi9yry9NhxePszOIvgI75RK131todgOBGi1db8DYY09ZjdszWJYiTSoxk5ueGkCGI2k4De3VypLGYYAAA6SMFWHzzkh3XN7yomg0Pqm8Ezbrw_LLCat3ktAP5bpMq4EZDFHIggybV8sjPujHtm8y41FHgOmsIaq2KKMuzW43jjzjwzXZ-5V0G1gfw3hkb6jNsriX4-vzgbFt4jUtEGlvWuk9rnh3ZGUfD4uYjpIEUOrsiIxGOaxJqe0lfQwGt1Fk7e_3DIO68WR3KyUCThQjX5nBZRqViG8U_tdQWrEuGA";
const PS256: &str = "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOlsic2hvcCIsIngiXSwiYXpwIjoiYWNtZSIsImV4cCI6MjAwMCwibmJmIjoxMDAwfQ.FWd-n2ZSw8fAIXG_H8UXTxxyFVCE4JZkyPJC6zOVwpwkE7RS-gTOeIsTH3imFdSXSGe4yqqabfRptOcmlZdBFKKHwNJ47PpoDYif6OtMoVKL7zOAXBNdafxGPTAnsNs06KvMUA3NJaIlGLe6f4T4xfZwVCA79M6A_rYLRZGpggkHJOZfLsaaHy49WDYxheRJaKZGdlm4KCrZSOH9vhk83k1Xf5hnPLCsrxpUmtB7CDsdKzK9gYZJ9vyohSopYgpPcuwmJ-VYxDgtIZUa2nCnw__yI-BH92XxZc6OTCiXFsVtZw7eGfvLUvqgZwkWag41obQe3jU_CKFZ15qy2tuN9A";
/// RFC 7515, appendix A.3.
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const EC: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
const NOW: i64 = 1500;

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa(more: &str) -> String {
    format!(r#"{{"keys":[{{"kty":"RSA","kid":"rsa","n":"{RSA_N}","e":"AQAB"{more}}}]}}"#)
}

/// A key pair of Ed25519, its set, and what signs with it.
fn ed25519() -> (String, impl Fn(&str, &str) -> String) {
    let pair =
        Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("random").as_ref());
    let pair = pair.expect("a key");
    let x = base64(pair.public_key());
    let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"ed","use":"sig","x":"{x}"}}]}}"#);
    let sign = move |header: &str, payload: &str| {
        let message = format!("{}.{}", base64(header), base64(payload));
        let signature = base64(pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    };
    (set, sign)
}

fn verifier(set: &str) -> TokenVerifier {
    TokenVerifier::new(set, None, None).expect("keys")
}

fn azp(verifier: &TokenVerifier, token: &str) -> Result<Option<String>, TokenError> {
    verifier.claim(token.as_bytes(), "azp", NOW)
}

#[test]
fn signatures_of_each_kind_are_verified() {
    let acme = Ok(Some("acme".to_owned()));
    assert_eq!(azp(&verifier(&rsa("")), RS256), acme);
    assert_eq!(azp(&verifier(&rsa("")), PS256), acme);
    assert_eq!(azp(&verifier(&rsa(r#","alg":"RS256""#)), PS256), Err(TokenError::Algorithm));
    assert_eq!(verifier(EC).claim(ES256.as_bytes(), "iss", 1_300_819_379), Ok(Some("joe".to_owned())));
    let (set, sign) = ed25519();
    let token = sign(r#"{"alg":"EdDSA","kid":"ed"}"#, r#"{"azp":"acme","exp":2000}"#);
    assert_eq!(azp(&verifier(&set), &token), acme);
}

#[test]
fn a_curve_of_another_size_is_no_key_of_the_token() {
    let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).expect("random");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref(), &SystemRandom::new());
    let pair = pair.expect("a key");
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let set =
        |curve: &str| format!(r#"{{"keys":[{{"kty":"EC","crv":"{curve}","x":"{}","y":"{}"}}]}}"#, base64(x), base64(y));
    let message = format!("{}.{}", base64(r#"{"alg":"ES256"}"#), base64(r#"{"azp":"acme","exp":2000}"#));
    let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).expect("random");
    let token = format!("{message}.{}", base64(signature));
    assert_eq!(azp(&verifier(&set("P-256")), &token), Ok(Some("acme".to_owned())));
    assert_eq!(azp(&verifier(&set("P-384")), &token), Err(TokenError::Algorithm));
    assert_eq!(azp(&verifier(EC), &token), Err(TokenError::Signature));
}

#[test]
fn a_token_that_is_not_right_says_nothing() {
    let (set, sign) = ed25519();
    let verifier = TokenVerifier::new(&set, Some("https://id.example"), Some("shop")).expect("keys");
    let head = r#"{"alg":"EdDSA","kid":"ed"}"#;
    let good = r#""iss":"https://id.example","aud":"shop","azp":"acme""#;
    let signed = |payload: &str| sign(head, payload);
    let whole = signed(&format!("{{{good},\"exp\":2000}}"));
    let (message, signature) = whole.rsplit_once('.').expect("three parts");
    let forged = format!("{}.{signature}", message.replacen(&base64(head), &base64(r#"{"alg":"none"}"#), 1));
    let confused = |alg: &str| sign(&format!(r#"{{"alg":"{alg}","kid":"ed"}}"#), &format!("{{{good},\"exp\":2000}}"));
    let rows = [
        (whole.clone(), Ok(Some("acme".to_owned()))),
        (signed(&format!("{{{good},\"exp\":1441}}")), Ok(Some("acme".to_owned()))),
        (signed(&format!("{{{good},\"exp\":1440}}")), Err(TokenError::Expired)),
        (signed(&format!("{{{good},\"exp\":2000,\"nbf\":1560}}")), Ok(Some("acme".to_owned()))),
        (signed(&format!("{{{good},\"exp\":2000,\"nbf\":1561}}")), Err(TokenError::NotYetValid)),
        (signed(&format!("{{{good},\"exp\":\"2000\"}}")), Err(TokenError::Malformed)),
        (signed(&format!("{{{good},\"exp\":2000,\"nbf\":\"1\"}}")), Err(TokenError::Malformed)),
        (signed(&format!("{{{good}}}")), Err(TokenError::Malformed)),
        (signed(r#"{"iss":"https://evil.example","aud":"shop","azp":"acme","exp":2000}"#), Err(TokenError::Issuer)),
        (signed(r#"{"aud":"shop","azp":"acme","exp":2000}"#), Err(TokenError::Issuer)),
        (signed(r#"{"iss":"https://id.example","aud":"x","azp":"acme","exp":2000}"#), Err(TokenError::Audience)),
        (signed(r#"{"iss":"https://id.example","azp":"acme","exp":2000}"#), Err(TokenError::Audience)),
        (signed(r#"{"iss":"https://id.example","aud":"shop","exp":2000}"#), Ok(None)),
        (signed(r#"{"iss":"https://id.example","aud":"shop","azp":"a\nb","exp":2000}"#), Ok(None)),
        (sign(r#"{"alg":"EdDSA","kid":"other"}"#, "{}"), Err(TokenError::UnknownKey)),
        (confused("HS256"), Err(TokenError::Algorithm)),
        (confused("RS256"), Err(TokenError::Algorithm)),
        (sign(r#"{"alg":"EdDSA","kid":"ed","crit":["x"],"x":1}"#, "{}"), Err(TokenError::Malformed)),
        (forged, Err(TokenError::Malformed)),
        (format!("{message}."), Err(TokenError::Signature)),
        (format!("{message}.AAAA"), Err(TokenError::Signature)),
        (message.to_owned(), Err(TokenError::Malformed)),
        (String::new(), Err(TokenError::Malformed)),
        ("a.b.c".to_owned(), Err(TokenError::Malformed)),
        (format!("{whole}{}", "A".repeat(20_000)), Err(TokenError::Malformed)),
    ];
    for (token, expected) in rows {
        assert_eq!(azp(&verifier, &token), expected, "{token:.120}");
    }
}

#[test]
fn a_token_without_a_key_id_needs_a_single_key() {
    let (set, sign) = ed25519();
    let token = sign(r#"{"alg":"EdDSA"}"#, r#"{"azp":"acme","exp":2000}"#);
    assert_eq!(azp(&verifier(&set), &token), Ok(Some("acme".to_owned())));
    let both = format!("{},{}", set.trim_end_matches("]}"), &EC[EC.find("{\"kty").unwrap_or_default()..]);
    assert_eq!(azp(&verifier(&both), &token), Err(TokenError::UnknownKey));
}

#[test]
fn a_set_has_keys_for_signatures_only() {
    let rows = [
        ("", "it is not a JWK Set"),
        ("{}", "it is not a JWK Set"),
        (r#"{"keys":[]}"#, "it has no key for signatures"),
        (r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#, "it has a symmetric key"),
        (r#"{"keys":[{"kty":"new","x":"a"}]}"#, "it has no key for signatures"),
        (&EC.replace("\"kty\"", "\"use\":\"enc\",\"kty\""), "it has no key for signatures"),
        (&rsa(r#","alg":"RSA-OAEP""#), "it has no key for signatures"),
        (r#"{"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]}"#, "cannot be read"),
    ];
    for (set, expected) in rows {
        let error = TokenVerifier::new(set, None, None).map(drop).expect_err(set);
        assert!(error.contains(expected), "{set}: {error}");
    }
}
