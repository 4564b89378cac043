//! FZ-16, OA-63: `Basic` credentials that are accepted are those of an independent decoder, and
//! exactly one spelling in base64 stands for them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oidc_core::protocol::{Params, PresentedCredentials};
use url::form_urlencoded;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fuzz_target!(|data: &[u8]| {
    // Raw headers, and well-formed ones around raw credentials.
    check(data);
    let mut header = b"Basic ".to_vec();
    header.extend(encode(data));
    if check(&header) {
        // With other spare bits, or other bytes: refused, or the one spelling of what it says.
        let end = header.iter().rposition(|&byte| byte != b'=').expect("not empty");
        for other in ALPHABET {
            header[end] = *other;
            check(&header);
        }
    }
});

fn read(header: &[u8]) -> Option<(String, Vec<u8>)> {
    match PresentedCredentials::parse(&[header], &Params::default()) {
        Ok(PresentedCredentials::Basic {
            client_id,
            client_secret,
        }) => Some((
            client_id.as_str().to_owned(),
            client_secret.expose().to_vec(),
        )),
        Ok(other) => panic!("{other:?}"),
        Err(_) => None,
    }
}

/// Whether the header was accepted.
fn check(header: &[u8]) -> bool {
    let Some((id, secret)) = read(header) else {
        return false;
    };
    let text = std::str::from_utf8(header).expect("accepted");
    let (scheme, encoded) = text.split_once(' ').expect("accepted");
    assert!(scheme.eq_ignore_ascii_case("basic"));
    let encoded = encoded.trim_start_matches(' ');
    let decoded = decode(encoded.as_bytes());
    assert_eq!(encode(&decoded), encoded.as_bytes());
    let decoded = String::from_utf8(decoded).expect("accepted");
    let (sent_id, sent_secret) = decoded.split_once(':').expect("accepted");
    assert_eq!(form_decoded(sent_id), id);
    assert_eq!(form_decoded(sent_secret).as_bytes(), secret);
    assert!(!id.is_empty() && !secret.is_empty() && !secret.contains(&0));
    true
}

/// As the value of a form field; separators cannot occur in one, so they are put aside.
fn form_decoded(text: &str) -> String {
    let field = format!("x={}", text.replace('&', "%26"));
    let mut pairs = form_urlencoded::parse(field.as_bytes());
    pairs.next().expect("one field").1.into_owned()
}

fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let digit = group >> (18 - 6 * index) & 63;
            let filled = index as usize <= chunk.len();
            text.push(if filled {
                ALPHABET[digit as usize]
            } else {
                b'='
            });
        }
    }
    text
}

fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut group, mut bits) = (0u32, 0);
    for byte in text.iter().take_while(|byte| **byte != b'=') {
        let digit = ALPHABET
            .iter()
            .position(|known| known == byte)
            .expect("accepted");
        group = group << 6 | digit as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
            group &= (1 << bits) - 1;
        }
    }
    bytes
}
