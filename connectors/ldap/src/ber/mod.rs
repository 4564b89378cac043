//! BER as LDAP uses it ([RFC 4511 section 5.1]): definite lengths, tags of one octet, bounds.
//!
//! [RFC 4511 section 5.1]: https://www.rfc-editor.org/rfc/rfc4511#section-5.1

/// Largest message in bytes. A directory entry with a large photograph fits; a length made up to
/// fill our memory does not.
pub const MAX_FRAME: usize = 8 * 1024 * 1024;

/// Deepest nesting of constructed elements. A search result entry needs five.
pub const MAX_DEPTH: usize = 16;

/// `SEQUENCE`, also `SEQUENCE OF`.
pub const SEQUENCE: u8 = 0x30;
/// `SET OF`.
pub const SET: u8 = 0x31;
/// `BOOLEAN`.
pub const BOOLEAN: u8 = 0x01;
/// `INTEGER`.
pub const INTEGER: u8 = 0x02;
/// `OCTET STRING`.
pub const OCTET_STRING: u8 = 0x04;
/// `ENUMERATED`.
pub const ENUMERATED: u8 = 0x0a;

const CONSTRUCTED: u8 = 0x20;

/// What is wrong with bytes that should be BER.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BerError {
    /// An element ends before its content does.
    #[error("truncated element")]
    Truncated,
    /// The indefinite length form, which LDAP forbids.
    #[error("indefinite length")]
    IndefiniteLength,
    /// A length above [`MAX_FRAME`] or of more than four octets.
    #[error("length above {MAX_FRAME} bytes")]
    TooLong,
    /// Nesting deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// Another tag than the one expected, or a tag number of several octets.
    #[error("unexpected tag")]
    UnexpectedTag,
    /// Bytes after the last element.
    #[error("bytes after the end")]
    TrailingBytes,
    /// An integer that is empty, negative or above 2^31 - 1, or a boolean not of one octet.
    #[error("value out of range")]
    OutOfRange,
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
}

/// One element: its identifier octet and its content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The content octets.
    pub content: &'a [u8],
}

impl<'a> Element<'a> {
    /// The content as UTF-8.
    ///
    /// # Errors
    ///
    /// [`BerError::NotUtf8`].
    pub fn text(&self) -> Result<&'a str, BerError> {
        std::str::from_utf8(self.content).map_err(|_| BerError::NotUtf8)
    }

    /// The content as an integer from 0 to 2^31 - 1.
    ///
    /// # Errors
    ///
    /// [`BerError::OutOfRange`].
    pub fn unsigned(&self) -> Result<u32, BerError> {
        // RFC 4511 section 4.1.1: maxInt is 2^31 - 1. Leading zero octets do no harm.
        if self.content.is_empty() || self.content.len() > 8 || self.content[0] & 0x80 != 0 {
            return Err(BerError::OutOfRange);
        }
        let value = self
            .content
            .iter()
            .fold(0_u64, |value, octet| (value << 8) | u64::from(*octet));
        u32::try_from(value)
            .ok()
            .filter(|value| *value <= 0x7fff_ffff)
            .ok_or(BerError::OutOfRange)
    }

    /// The elements inside.
    #[must_use]
    pub const fn reader(&self) -> Reader<'a> {
        Reader { rest: self.content }
    }
}

/// Reads elements one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// True if nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element.
    ///
    /// # Errors
    ///
    /// [`BerError`] if there is none or it is not well-formed.
    pub fn any(&mut self) -> Result<Element<'a>, BerError> {
        let header = header(self.rest)?.ok_or(BerError::Truncated)?;
        let end = header.start + header.length;
        let content = self
            .rest
            .get(header.start..end)
            .ok_or(BerError::Truncated)?;
        let tag = header.tag;
        self.rest = &self.rest[end..];
        Ok(Element { tag, content })
    }

    /// The next element, which must have this tag.
    ///
    /// # Errors
    ///
    /// [`BerError`] if there is none, it has another tag, or it is not well-formed.
    pub fn expect(&mut self, tag: u8) -> Result<Element<'a>, BerError> {
        let element = self.any()?;
        if element.tag != tag {
            return Err(BerError::UnexpectedTag);
        }
        Ok(element)
    }

    /// The next element if it has this tag; otherwise nothing is read.
    ///
    /// # Errors
    ///
    /// [`BerError`] if the element is not well-formed.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, BerError> {
        if self.rest.first() == Some(&tag) {
            self.any().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Demands that everything was read.
    ///
    /// # Errors
    ///
    /// [`BerError::TrailingBytes`] otherwise.
    pub const fn end(&self) -> Result<(), BerError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(BerError::TrailingBytes)
        }
    }
}

struct Header {
    tag: u8,
    start: usize,
    length: usize,
}

/// Reads an element's identifier and length; `None` while they are incomplete.
fn header(bytes: &[u8]) -> Result<Option<Header>, BerError> {
    let Some(&tag) = bytes.first() else {
        return Ok(None);
    };
    if tag & 0x1f == 0x1f {
        return Err(BerError::UnexpectedTag);
    }
    let Some(&first) = bytes.get(1) else {
        return Ok(None);
    };
    let (start, length) = match first {
        0..=0x7f => (2, usize::from(first)),
        0x80 => return Err(BerError::IndefiniteLength),
        // Active Directory always writes four octets, so a length need not be minimal.
        0x81..=0x84 => {
            let octets = usize::from(first & 0x7f);
            let Some(octets) = bytes.get(2..2 + octets) else {
                return Ok(None);
            };
            let length = octets
                .iter()
                .fold(0_usize, |length, octet| (length << 8) | usize::from(*octet));
            (2 + octets.len(), length)
        }
        _ => return Err(BerError::TooLong),
    };
    if length > MAX_FRAME {
        return Err(BerError::TooLong);
    }
    Ok(Some(Header { tag, start, length }))
}

/// Length of the first message in `bytes` with its header, or `None` while the header is
/// incomplete. The message itself need not have arrived.
///
/// # Errors
///
/// [`BerError`] if this cannot become a message: no `SEQUENCE`, or above [`MAX_FRAME`] as a whole.
pub fn frame_length(bytes: &[u8]) -> Result<Option<usize>, BerError> {
    if bytes.first().is_some_and(|tag| *tag != SEQUENCE) {
        return Err(BerError::UnexpectedTag);
    }
    let Some(header) = header(bytes)? else {
        return Ok(None);
    };
    let length = header.start + header.length;
    if length > MAX_FRAME {
        return Err(BerError::TooLong);
    }
    Ok(Some(length))
}

/// Checks that `frame` is one element whose parts nest properly, at most [`MAX_DEPTH`] deep.
///
/// Goes through the bytes once and keeps no more than [`MAX_DEPTH`] ends.
///
/// # Errors
///
/// [`BerError`] otherwise.
pub fn check_frame(frame: &[u8]) -> Result<(), BerError> {
    let mut ends: Vec<usize> = Vec::with_capacity(MAX_DEPTH);
    let mut at = 0;
    loop {
        let limit = ends.last().copied().unwrap_or(frame.len());
        let header = header(&frame[at..limit])?.ok_or(BerError::Truncated)?;
        let start = at + header.start;
        let end = start + header.length;
        if end > limit {
            return Err(BerError::Truncated);
        }
        if header.tag & CONSTRUCTED == 0 {
            at = end;
        } else {
            if ends.len() == MAX_DEPTH {
                return Err(BerError::TooDeep);
            }
            ends.push(end);
            at = start;
        }
        while ends.last() == Some(&at) {
            ends.pop();
        }
        if ends.is_empty() {
            break;
        }
    }
    if at == frame.len() {
        Ok(())
    } else {
        Err(BerError::TrailingBytes)
    }
}

/// Appends an element to `out`.
pub fn write(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    let length = content.len();
    if length < 0x80 {
        out.extend(length.to_be_bytes().last());
    } else {
        let octets = length.to_be_bytes();
        let significant = octets.len() - length.leading_zeros() as usize / 8;
        out.extend((significant as u8 | 0x80).to_be_bytes());
        out.extend_from_slice(&octets[octets.len() - significant..]);
    }
    out.extend_from_slice(content);
}

/// Appends an integer from 0 to 2^31 - 1, or an enumerated value, to `out`.
pub fn write_unsigned(out: &mut Vec<u8>, tag: u8, value: u32) {
    let octets = value.to_be_bytes();
    // One zero octet stays in front of a set sign bit.
    let skip = octets
        .iter()
        .enumerate()
        .take(3)
        .take_while(|(at, octet)| **octet == 0 && octets[at + 1] & 0x80 == 0)
        .count();
    write(out, tag, &octets[skip..]);
}

#[cfg(test)]
mod tests;
