//! Form and query reading: sizes, encoding, repeated names.

use std::fmt;

/// Parameters read from one query or one form: more than any request of ours needs.
pub const MAX_PARAMETERS: usize = 128;
/// Bytes of a query string: what common proxies let through in a request line.
pub const MAX_QUERY_BYTES: usize = 8 * 1024;
/// Bytes of a form body.
pub const MAX_FORM_BYTES: usize = 64 * 1024;
/// Bytes of a decoded parameter name: several times the longest registered one.
pub const MAX_NAME_BYTES: usize = 128;

/// Decoded `application/x-www-form-urlencoded` pairs in the order received.
///
/// Names and values are UTF-8 without NUL. Pairs without a name are dropped. `Debug` prints
/// names only, since values may be codes, passwords and secrets.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query string, without its question mark.
    ///
    /// # Errors
    ///
    /// [`ParamsError`] if it is over a limit or not strictly decodable.
    pub fn from_query(query: &str) -> Result<Self, ParamsError> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(ParamsError::TooLong);
        }
        Self::read(query.as_bytes())
    }

    /// Reads a form body.
    ///
    /// # Errors
    ///
    /// [`ParamsError`] if it is over a limit or not strictly decodable.
    pub fn from_form(body: &[u8]) -> Result<Self, ParamsError> {
        if body.len() > MAX_FORM_BYTES {
            return Err(ParamsError::TooLong);
        }
        Self::read(body)
    }

    fn read(bytes: &[u8]) -> Result<Self, ParamsError> {
        let mut pairs = Vec::new();
        for (index, pair) in bytes.split(|&byte| byte == b'&').enumerate() {
            if index >= MAX_PARAMETERS {
                return Err(ParamsError::TooManyParameters);
            }
            let split = pair.iter().position(|&byte| byte == b'=');
            let (name, value) = match split {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &pair[..0]),
            };
            let name = decode_component(name)?;
            let value = decode_component(value)?;
            if name.len() > MAX_NAME_BYTES {
                return Err(ParamsError::NameTooLong);
            }
            if !name.is_empty() {
                pairs.push((name, value));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of `name`; `None` if it is absent or empty.
    ///
    /// A parameter sent without a value counts as omitted ([RFC 6749 section 3.1]), but sending
    /// it twice is refused even if one of the values is empty.
    ///
    /// # Errors
    ///
    /// [`DuplicateParam`] if the name occurs more than once.
    ///
    /// [RFC 6749 section 3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
    pub fn get(&self, name: &'static str) -> Result<Option<&str>, DuplicateParam> {
        let mut values = self.0.iter().filter(|(found, _)| found == name);
        let first = values.next();
        if values.next().is_some() {
            return Err(DuplicateParam(name));
        }
        Ok(first
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty()))
    }

    /// Whether `name` occurs, be it without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// The same with one more pair, unless exactly that pair is there.
    ///
    /// Another value of the same name makes it a repeated parameter, which is refused on reading.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if !self.iter().any(|pair| pair == (name, value)) {
            self.0.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// These parameters followed by `others`: a name in both counts as repeated.
    ///
    /// # Errors
    ///
    /// [`ParamsError::TooManyParameters`] if together they are more than [`MAX_PARAMETERS`].
    pub fn and(mut self, others: Self) -> Result<Self, ParamsError> {
        self.0.extend(others.0);
        if self.0.len() > MAX_PARAMETERS {
            return Err(ParamsError::TooManyParameters);
        }
        Ok(self)
    }

    /// All pairs, repeated names included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The pairs themselves, repeated names included: what a connector is given.
    #[must_use]
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// A query or form that cannot be read; nothing of it is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamsError {
    /// More bytes than [`MAX_QUERY_BYTES`] or [`MAX_FORM_BYTES`].
    #[error("the request is too long")]
    TooLong,
    /// More than [`MAX_PARAMETERS`] parameters.
    #[error("the request has too many parameters")]
    TooManyParameters,
    /// A name longer than [`MAX_NAME_BYTES`].
    #[error("a parameter name is too long")]
    NameTooLong,
    /// A percent sign without two hexadecimal digits.
    #[error("a parameter holds an invalid percent escape")]
    InvalidEscape,
    /// Bytes that are not UTF-8.
    #[error("a parameter is not UTF-8")]
    InvalidUtf8,
    /// A NUL character.
    #[error("a parameter holds a NUL character")]
    Nul,
}

/// A parameter that occurs more than once ([RFC 6749 section 3.1]).
///
/// [RFC 6749 section 3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the parameter {0} occurs more than once")]
pub struct DuplicateParam(pub &'static str);

/// Decodes one name or value: `+` is a space, `%` needs two hexadecimal digits.
pub(crate) fn decode_component(bytes: &[u8]) -> Result<String, ParamsError> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = rest.next().and_then(|&digit| hex_value(digit));
                let low = rest.next().and_then(|&digit| hex_value(digit));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(ParamsError::InvalidEscape);
                };
                high << 4 | low
            }
            other => other,
        });
    }
    if decoded.contains(&0) {
        return Err(ParamsError::Nul);
    }
    String::from_utf8(decoded).map_err(|_| ParamsError::InvalidUtf8)
}

/// The value of a hexadecimal digit of either case.
pub(crate) const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Appends `text` with everything but unreserved characters escaped.
///
/// A space becomes `%20`, which form decoders and fragment readers understand alike.
pub(crate) fn encode_component(text: &str, into: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(DIGITS[usize::from(byte >> 4)]));
            into.push(char::from(DIGITS[usize::from(byte & 0xf)]));
        }
    }
}

#[cfg(test)]
mod tests;
