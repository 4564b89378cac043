//! Vectors that the documents print.

use super::*;

const A2_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp\
    -Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW\
    vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs\
    LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k\
    G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2\
    PAcDTW9gb54h4FRWyuXpoQ";
const A2_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
    cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7\
    AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4\
    BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K\
    0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv\
    hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
    p0igcN_IoypGlUPQGe77Rw";
const A3_JWK: &str = r#"{"kty":"EC","crv":"P-256",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const A3_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
    cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA\
    pmWQxfKTUJqPP3-Kg6NU1Q";
const PAYLOAD: &[u8] =
    b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
const ED25519_JWK: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const ED25519_TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
    hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn verify_with(token: &str, jwk: &str) -> Result<VerifiedJws, JwsRefusal> {
    let jwks = Jwks::new(vec![Jwk::parse(jwk.as_bytes()).unwrap()]);
    let keys = VerificationKeys::from_jwks(&jwks, &SigningAlgorithm::ALL, &AwsLcBackend).unwrap();
    verify(token, ExpectedType::JwtOrAbsent, &keys)
}

#[test]
fn rfc7515_a2_rs256_is_verified() {
    let jwk = format!(r#"{{"kty":"RSA","n":"{A2_N}","e":"AQAB"}}"#);
    let jws = verify_with(A2_TOKEN, &jwk).unwrap();
    assert_eq!(jws.payload(), PAYLOAD);
    assert_eq!(jws.algorithm(), SigningAlgorithm::Rs256);
    assert_eq!(jws.kid(), None);
}

#[test]
fn rfc7515_a3_es256_is_verified() {
    let jws = verify_with(A3_TOKEN, A3_JWK).unwrap();
    assert_eq!(jws.payload(), PAYLOAD);
    assert_eq!(jws.algorithm(), SigningAlgorithm::Es256);
}

#[test]
fn rfc8037_a5_ed25519_is_verified() {
    let jws = verify_with(ED25519_TOKEN, ED25519_JWK).unwrap();
    assert_eq!(jws.payload(), b"Example of Ed25519 signing");
    assert_eq!(jws.algorithm(), SigningAlgorithm::EdDsa);
}

#[test]
fn rfc8037_a4_ed25519_is_signed_byte_for_byte() {
    let seed: [u8; 32] =
        base64url::decode_array("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    // PKCS#8 of an Ed25519 seed (RFC 8410 section 7).
    let mut der = vec![
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    der.extend_from_slice(&seed);
    let key = AwsLcBackend
        .signing_key(SigningAlgorithm::EdDsa, &Secret::new(der))
        .unwrap();
    let (input, signature) = ED25519_TOKEN.rsplit_once('.').unwrap();
    assert_eq!(
        base64url::encode(&key.sign(input.as_bytes()).unwrap().0),
        signature
    );
    assert_eq!(
        key.public_jwk().key(),
        Jwk::parse(ED25519_JWK.as_bytes()).unwrap().key()
    );
}

#[test]
fn rfc7638_3_1_thumbprint_of_rsa() {
    let jwk = Jwk::parse(
        br#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
    )
    .unwrap();
    assert_eq!(
        jwk.thumbprint().to_text(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

#[test]
fn rfc8037_a3_thumbprint_of_ed25519() {
    let jwk = Jwk::parse(ED25519_JWK.as_bytes()).unwrap();
    assert_eq!(
        jwk.thumbprint().to_text(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}
