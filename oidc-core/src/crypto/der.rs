//! The little DER that is needed to read an RSA public key ([RFC 8017 appendix A.1.1]).
//!
//! [RFC 8017 appendix A.1.1]: https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

/// Modulus and exponent of an `RSAPublicKey`, big endian, without leading zeros.
pub(super) fn rsa_public_key(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (body, rest) = element(SEQUENCE, der)?;
    let (n, after) = element(INTEGER, body)?;
    let (e, end) = element(INTEGER, after)?;
    if rest.is_empty() && end.is_empty() {
        Some((positive(n)?, positive(e)?))
    } else {
        None
    }
}

/// The content of an element of this tag, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = length(rest)?;
    rest.split_at_checked(length)
}

fn length(der: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = der.split_first()?;
    match *first {
        short @ 0..=0x7f => Some((usize::from(short), rest)),
        0x81 => {
            let (one, rest) = rest.split_first()?;
            (*one >= 0x80).then_some((usize::from(*one), rest))
        }
        0x82 => {
            let (two, rest) = rest.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_be_bytes(*two));
            (length >= 0x100).then_some((length, rest))
        }
        _ => None,
    }
}

/// A non-negative integer without its sign byte.
fn positive(content: &[u8]) -> Option<Vec<u8>> {
    match content {
        [] | [0] => None,
        [0, rest @ ..] => rest
            .first()
            .filter(|byte| **byte >= 0x80)
            .map(|_| rest.to_vec()),
        [first, ..] => (*first < 0x80).then(|| content.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_integers_are_read() {
        let der = [0x30, 0x08, 0x02, 0x03, 0x00, 0x80, 0x01, 0x02, 0x01, 0x03];
        assert_eq!(rsa_public_key(&der), Some((vec![0x80, 1], vec![3])));
    }

    #[test]
    fn lengths_of_two_and_three_bytes_are_read() {
        for size in [0x80_usize, 0xff, 0x100, 0x400] {
            let encode = |content: &[u8], tag: u8| {
                let mut out = vec![tag];
                match content.len() {
                    short @ 0..=0x7f => out.push(u8::try_from(short).unwrap()),
                    mid @ 0x80..=0xff => out.extend([0x81, u8::try_from(mid).unwrap()]),
                    long => {
                        out.push(0x82);
                        out.extend(u16::try_from(long).unwrap().to_be_bytes());
                    }
                }
                out.extend(content);
                out
            };
            let modulus = vec![0x7f; size];
            let body = [encode(&modulus, INTEGER), encode(&[3], INTEGER)].concat();
            let der = encode(&body, SEQUENCE);
            assert_eq!(rsa_public_key(&der), Some((modulus, vec![3])), "{size}");
        }
    }

    #[test]
    fn what_is_not_der_is_none() {
        let good = [0x30, 0x08, 0x02, 0x03, 0x00, 0x80, 0x01, 0x02, 0x01, 0x03];
        for end in 0..good.len() {
            assert_eq!(rsa_public_key(&good[..end]), None, "cut at {end}");
        }
        let trailing = [good.as_slice(), &[0]].concat();
        assert_eq!(rsa_public_key(&trailing), None);
        // A negative number, a needless sign byte, a long length that should be short, zero.
        assert_eq!(rsa_public_key(&[0x30, 6, 2, 1, 0x80, 2, 1, 3]), None);
        assert_eq!(rsa_public_key(&[0x30, 7, 2, 2, 0, 1, 2, 1, 3]), None);
        assert_eq!(rsa_public_key(&[0x30, 0x81, 6, 2, 1, 1, 2, 1, 3]), None);
        assert_eq!(rsa_public_key(&[0x30, 6, 2, 1, 0, 2, 1, 3]), None);
    }
}
