//! Distinguished names as text ([RFC 4514]): parsed, compared, escaped.
//!
//! [RFC 4514]: https://www.rfc-editor.org/rfc/rfc4514

use std::fmt;

/// Longest distinguished name in bytes of text.
pub const MAX_DN: usize = 8 * 1024;
/// Most relative distinguished names in one name, and most parts of one of them.
pub const MAX_RDNS: usize = 128;

/// Text that is no distinguished name, or one above the bounds.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a distinguished name (RFC 4514)")]
#[non_exhaustive]
pub struct InvalidDn;

/// A distinguished name. Equal names have the same attributes and value bytes, however escaped;
/// attribute names are compared without regard to case.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Dn {
    rdns: Vec<Rdn>,
}

/// A relative distinguished name: one or more pairs of attribute and value, sorted.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Rdn(Vec<(String, Vec<u8>)>);

impl Rdn {
    /// One pair of attribute and value, of whatever bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidDn`] if `attribute` is neither a name nor an OID.
    pub fn new(attribute: &str, value: &[u8]) -> Result<Self, InvalidDn> {
        Ok(Self(vec![(attribute_type(attribute)?, value.to_vec())]))
    }

    /// The value of an attribute in this name.
    #[must_use]
    pub fn value(&self, attribute: &str) -> Option<&[u8]> {
        self.0
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(attribute))
            .map(|(_, value)| value.as_slice())
    }
}

impl Dn {
    /// Parses the text form. The empty name has no parts.
    ///
    /// # Errors
    ///
    /// [`InvalidDn`] if the text is not of that form, longer than [`MAX_DN`] bytes or of more than
    /// [`MAX_RDNS`] parts.
    pub fn parse(text: &str) -> Result<Self, InvalidDn> {
        if text.len() > MAX_DN {
            return Err(InvalidDn);
        }
        let mut rdns = Vec::new();
        let mut rest = text.trim_matches(' ');
        if rest.is_empty() {
            return Ok(Self { rdns });
        }
        loop {
            let (rdn, next) = parse_rdn(rest)?;
            rdns.push(rdn);
            if rdns.len() > MAX_RDNS {
                return Err(InvalidDn);
            }
            match next {
                Some(next) => rest = next,
                None => return Ok(Self { rdns }),
            }
        }
    }

    /// This name below one more relative name.
    #[must_use]
    pub fn child(&self, rdn: Rdn) -> Self {
        let mut rdns = vec![rdn];
        rdns.extend(self.rdns.iter().cloned());
        Self { rdns }
    }

    /// The relative names, the nearest first.
    #[must_use]
    pub fn rdns(&self) -> &[Rdn] {
        &self.rdns
    }

    /// True if it has no parts: the root of the directory, and no name to bind with.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }

    /// True if this is `base` or lies below it. Values are compared without regard to case and to
    /// repeated spaces, as nearly every naming attribute is.
    #[must_use]
    pub fn is_within(&self, base: &Self) -> bool {
        let Some(above) = self.rdns.len().checked_sub(base.rdns.len()) else {
            return false;
        };
        self.rdns[above..]
            .iter()
            .zip(&base.rdns)
            .all(|(left, right)| folded(left) == folded(right))
    }
}

fn folded(rdn: &Rdn) -> Vec<(&str, Vec<u8>)> {
    let fold = |value: &[u8]| match std::str::from_utf8(value) {
        Ok(text) => {
            let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
            words.join(" ").to_lowercase().into_bytes()
        }
        Err(_) => value.to_vec(),
    };
    let mut pairs: Vec<_> = rdn
        .0
        .iter()
        .map(|(name, value)| (name.as_str(), fold(value)))
        .collect();
    pairs.sort();
    pairs
}

/// Reads one relative name, and what follows its comma.
fn parse_rdn(mut rest: &str) -> Result<(Rdn, Option<&str>), InvalidDn> {
    let mut pairs = Vec::new();
    loop {
        let (name, after) = rest.split_once('=').ok_or(InvalidDn)?;
        let name = attribute_type(name.trim_matches(' '))?;
        let (value, after) = parse_value(after)?;
        pairs.push((name, value));
        if pairs.len() > MAX_RDNS {
            return Err(InvalidDn);
        }
        match after.as_bytes().first() {
            Some(b'+') => rest = &after[1..],
            separator => {
                pairs.sort();
                return Ok((Rdn(pairs), separator.map(|_| &after[1..])));
            }
        }
    }
}

fn attribute_type(name: &str) -> Result<String, InvalidDn> {
    let mut bytes = name.bytes();
    let valid = match bytes.next() {
        Some(first) if first.is_ascii_alphabetic() => {
            bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        }
        Some(first) if first.is_ascii_digit() => {
            bytes.all(|byte| byte.is_ascii_digit() || byte == b'.') && !name.ends_with('.')
        }
        _ => false,
    };
    if valid && name.len() <= 255 {
        Ok(name.to_ascii_lowercase())
    } else {
        Err(InvalidDn)
    }
}

/// Reads a value; the rest is empty or begins with `,` or `+`.
fn parse_value(text: &str) -> Result<(Vec<u8>, &str), InvalidDn> {
    let text = text.trim_start_matches(' ');
    let bytes = text.as_bytes();
    if bytes.first() == Some(&b'#') {
        let end = text.find([',', '+']).unwrap_or(text.len());
        let hex = text[1..end].trim_end_matches(' ');
        return Ok((parse_hex_value(hex)?, &text[end..]));
    }
    let mut value = Vec::new();
    // Spaces at the end count only if they were escaped.
    let mut kept = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b',' | b'+' => break,
            b'\\' => {
                let (unescaped, length) = unescape(&bytes[at + 1..])?;
                value.push(unescaped);
                kept = value.len();
                at += 1 + length;
            }
            b'"' | b';' | b'<' | b'>' | 0 => return Err(InvalidDn),
            _ => {
                value.push(byte);
                if byte != b' ' {
                    kept = value.len();
                }
                at += 1;
            }
        }
    }
    value.truncate(kept);
    Ok((value, &text[at..]))
}

fn unescape(bytes: &[u8]) -> Result<(u8, usize), InvalidDn> {
    match bytes {
        [
            escaped @ (b' ' | b'"' | b'#' | b'+' | b',' | b';' | b'<' | b'=' | b'>' | b'\\'),
            ..,
        ] => Ok((*escaped, 1)),
        [high, low, ..] => Ok((hex_digit(*high)? << 4 | hex_digit(*low)?, 2)),
        _ => Err(InvalidDn),
    }
}

/// The BER form of a value after `#`; only strings of octets or characters are read.
fn parse_hex_value(hex: &str) -> Result<Vec<u8>, InvalidDn> {
    let octets = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Ok(hex_digit(*high)? << 4 | hex_digit(*low)?),
            _ => Err(InvalidDn),
        })
        .collect::<Result<Vec<u8>, InvalidDn>>()?;
    let mut reader = crate::ber::Reader::new(&octets);
    let element = reader.any().map_err(|_| InvalidDn)?;
    reader.end().map_err(|_| InvalidDn)?;
    Ok(element.content.to_vec())
}

fn hex_digit(byte: u8) -> Result<u8, InvalidDn> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(InvalidDn),
    }
}

/// Escapes a value ([RFC 4514 section 2.4](https://www.rfc-editor.org/rfc/rfc4514#section-2.4)).
/// Bytes that are not UTF-8 become hexadecimal pairs.
#[must_use]
pub fn escape_dn_value(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    let mut at = 0;
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            let outer_space = character == ' ' && (at == 0 || at == last);
            match character {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => {
                    text.push('\\');
                    text.push(character);
                }
                '#' if at == 0 => text.push_str("\\#"),
                ' ' if outer_space => text.push_str("\\ "),
                '\0' => text.push_str("\\00"),
                _ => text.push(character),
            }
            at += character.len_utf8();
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\{byte:02x}"));
            at += 1;
        }
    }
    text
}

impl fmt::Display for Rdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "+" };
            write!(f, "{separator}{name}={}", escape_dn_value(value))?;
        }
        Ok(())
    }
}

impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rdn) in self.rdns.iter().enumerate() {
            let separator = if at == 0 { "" } else { "," };
            write!(f, "{separator}{rdn}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap()
    }

    /// LD-02: whatever the value, the name keeps its number of parts.
    #[test]
    fn escaped_values_stay_one_part() {
        let base = dn("ou=people,dc=example");
        for value in [
            "", " ", "  x  ", ",", "a,ou=x", "+", "\"", "\\", "#", "#41", "a=b", ";<>", "\0",
            "Zoë", "\\2c", "a\\",
        ] {
            let name = base.child(Rdn::new("uid", value.as_bytes()).unwrap());
            let parsed = dn(&name.to_string());
            assert_eq!(parsed, name, "{value:?}");
            assert_eq!(parsed.rdns().len(), 3);
            assert_eq!(parsed.rdns()[0].value("UID"), Some(value.as_bytes()));
        }
    }

    /// RFC 4514 section 4.
    #[test]
    fn examples_of_the_rfc_are_read() {
        assert_eq!(dn("UID=jsmith,DC=example,DC=net").rdns().len(), 3);
        let both = dn("OU=Sales+CN=J.  Smith,DC=example,DC=net");
        assert_eq!(both.rdns()[0].value("cn"), Some(&b"J.  Smith"[..]));
        let james = dn(r#"CN=James \"Jim\" Smith\, III,DC=example,DC=net"#);
        assert_eq!(
            james.rdns()[0].value("cn"),
            Some(&b"James \"Jim\" Smith, III"[..])
        );
        assert_eq!(dn(r"CN=Before\0dAfter,DC=example,DC=net").rdns().len(), 3);
        assert_eq!(
            dn("1.3.6.1.4.1.1466.0=#04024869").rdns()[0].value("1.3.6.1.4.1.1466.0"),
            Some(&b"Hi"[..])
        );
        assert_eq!(
            dn(r"CN=Lu\C4\8Di\C4\87").rdns()[0].value("cn"),
            Some("Lučić".as_bytes())
        );
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "uid",
            "=x",
            "uid=a,",
            "uid=a,,dc=b",
            "u d=a",
            "uid=a\\",
            "uid=\"a\"",
            "uid=#0",
            "uid=#zz",
            "-a=b",
            ",",
        ] {
            assert_eq!(Dn::parse(text), Err(InvalidDn), "{text}");
        }
    }

    #[test]
    fn size_is_bounded() {
        let name = |parts: usize| vec!["a=b"; parts].join(",");
        assert!(Dn::parse(&name(MAX_RDNS)).is_ok());
        assert_eq!(Dn::parse(&name(MAX_RDNS + 1)), Err(InvalidDn));
        let long = |length: usize| format!("a={}", "x".repeat(length - 2));
        assert!(Dn::parse(&long(MAX_DN)).is_ok());
        assert_eq!(Dn::parse(&long(MAX_DN + 1)), Err(InvalidDn));
    }

    /// LD-10
    #[test]
    fn within_compares_parts_and_not_text() {
        let base = dn("OU=People, DC=example,DC=org");
        assert!(dn("uid=a,ou=people,dc=Example,dc=org").is_within(&base));
        assert!(base.is_within(&base));
        assert!(!dn("uid=a,ou=other,dc=example,dc=org").is_within(&base));
        assert!(!dn("dc=example,dc=org").is_within(&base));
        assert!(!dn(r"uid=a\,ou=people\,dc=example\,dc=org").is_within(&base));
        assert!(!dn(r"uid=a\,ou=people,dc=example,dc=org").is_within(&base));
        assert!(dn("uid=a").is_within(&dn("")));
    }
}
