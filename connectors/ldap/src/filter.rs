//! Search filters as text ([RFC 4515]): escaping of values, and a bounded parser for the filters
//! that operators write.
//!
//! [RFC 4515]: https://www.rfc-editor.org/rfc/rfc4515

use std::fmt;

/// Longest filter an operator may write, in bytes.
pub const MAX_FILTER: usize = 8 * 1024;
/// Deepest nesting of `&`, `|` and `!`.
pub const MAX_FILTER_DEPTH: usize = 32;

/// An assertion value, escaped when it is made: it can never end a filter or match more than itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FilterValue(String);

impl FilterValue {
    /// Escapes a value ([RFC 4515 section 3](https://www.rfc-editor.org/rfc/rfc4515#section-3)).
    /// All bytes but letters, digits and a few harmless marks become hexadecimal pairs.
    #[must_use]
    pub fn new(value: &[u8]) -> Self {
        let mut text = String::with_capacity(value.len());
        for &byte in value {
            if byte.is_ascii_alphanumeric() || b" -_.,=@:/+".contains(&byte) {
                text.push(char::from(byte));
            } else {
                text.push_str(&format!("\\{byte:02x}"));
            }
        }
        Self(text)
    }
}

impl fmt::Display for FilterValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with a filter.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFilter {
    /// Longer than [`MAX_FILTER`].
    #[error("longer than {MAX_FILTER} bytes")]
    TooLong,
    /// Nested deeper than [`MAX_FILTER_DEPTH`].
    #[error("nested deeper than {MAX_FILTER_DEPTH}")]
    TooDeep,
    /// Another character was expected.
    #[error("byte {at}: expected {expected}")]
    Expected {
        /// Offset in bytes.
        at: usize,
        /// What should be there.
        expected: &'static str,
    },
}

/// An attribute description: a name or OID, with options such as `;binary`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct AttributeName(String);

impl AttributeName {
    /// Takes an attribute description ([RFC 4512 section 2.5]): a name or a numeric OID, then
    /// options, each after a `;`. At most 255 bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidFilter::Expected`] for other text.
    ///
    /// [RFC 4512 section 2.5]: https://www.rfc-editor.org/rfc/rfc4512#section-2.5
    pub fn parse(text: &str) -> Result<Self, InvalidFilter> {
        let word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let mut parts = text.split(';');
        let name = parts.next().unwrap_or_default();
        let name_valid = if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            word(name)
        } else {
            is_numeric_oid(name)
        };
        if name_valid && parts.all(word) && text.len() <= 255 {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidFilter::Expected {
                at: 0,
                expected: "an attribute name",
            })
        }
    }

    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Numbers without superfluous zeros, at least two, with dots between them.
fn is_numeric_oid(text: &str) -> bool {
    let number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    text.contains('.') && text.split('.').all(number)
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A search filter. [`fmt::Display`] writes it with all values escaped.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SearchFilter {
    /// All must match.
    And(Vec<SearchFilter>),
    /// One must match.
    Or(Vec<SearchFilter>),
    /// It must not match.
    Not(Box<SearchFilter>),
    /// The attribute has this value.
    Equal(AttributeName, Vec<u8>),
    /// A value is made of these parts with anything between them; at least two parts, of which the
    /// first and the last may be empty.
    Substrings(AttributeName, Vec<Vec<u8>>),
    /// A value is at least this.
    GreaterOrEqual(AttributeName, Vec<u8>),
    /// A value is at most this.
    LessOrEqual(AttributeName, Vec<u8>),
    /// A value sounds like this.
    Approx(AttributeName, Vec<u8>),
    /// The attribute is there.
    Present(AttributeName),
    /// A matching rule, as for Active Directory's `memberOf:1.2.840.113556.1.4.1941:=…`.
    Extensible {
        /// The attribute.
        attribute: AttributeName,
        /// Whether the parts of the entry's name count too (`:dn`).
        dn: bool,
        /// The matching rule.
        rule: Option<AttributeName>,
        /// The value.
        value: Vec<u8>,
    },
}

impl SearchFilter {
    /// Parses a filter.
    ///
    /// # Errors
    ///
    /// [`InvalidFilter`] says where and why.
    pub fn parse(text: &str) -> Result<Self, InvalidFilter> {
        if text.len() > MAX_FILTER {
            return Err(InvalidFilter::TooLong);
        }
        let mut parser = Parser { text, at: 0 };
        let filter = parser.filter(0)?;
        if parser.at != text.len() {
            return Err(parser.expected("the end of the filter"));
        }
        Ok(filter)
    }

    /// This filter and, if there is one, another.
    #[must_use]
    pub fn and(self, other: Option<&Self>) -> Self {
        match other {
            Some(other) => Self::And(vec![other.clone(), self]),
            None => self,
        }
    }

    /// The attribute has this value, for at least one pair.
    #[must_use]
    pub fn any_equal<'a>(
        attributes: impl IntoIterator<Item = &'a AttributeName>,
        values: &[Vec<u8>],
    ) -> Self {
        let mut parts: Vec<Self> = attributes
            .into_iter()
            .flat_map(|name| {
                values
                    .iter()
                    .map(|value| Self::Equal(name.clone(), value.clone()))
            })
            .collect();
        if parts.len() == 1 {
            parts.remove(0)
        } else {
            Self::Or(parts)
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    const fn expected(&self, expected: &'static str) -> InvalidFilter {
        InvalidFilter::Expected {
            at: self.at,
            expected,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, text: &'static str) -> Result<(), InvalidFilter> {
        if self.text[self.at..].starts_with(text) {
            self.at += text.len();
            Ok(())
        } else {
            Err(self.expected(text))
        }
    }

    fn filter(&mut self, depth: usize) -> Result<SearchFilter, InvalidFilter> {
        if depth > MAX_FILTER_DEPTH {
            return Err(InvalidFilter::TooDeep);
        }
        self.take("(")?;
        let filter = match self.peek() {
            Some(b'&') => SearchFilter::And(self.list(depth)?),
            Some(b'|') => SearchFilter::Or(self.list(depth)?),
            Some(b'!') => {
                self.at += 1;
                SearchFilter::Not(Box::new(self.filter(depth + 1)?))
            }
            _ => self.item()?,
        };
        self.take(")")?;
        Ok(filter)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<SearchFilter>, InvalidFilter> {
        self.at += 1;
        let mut filters = vec![self.filter(depth + 1)?];
        while self.peek() == Some(b'(') {
            filters.push(self.filter(depth + 1)?);
        }
        Ok(filters)
    }

    fn attribute(&mut self, expected: &'static str) -> Result<AttributeName, InvalidFilter> {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|next: char| !(next.is_ascii_alphanumeric() || "-.;".contains(next)))
            .unwrap_or(rest.len());
        let name = AttributeName::parse(&rest[..end]).map_err(|_| self.expected(expected))?;
        self.at += end;
        Ok(name)
    }

    fn item(&mut self) -> Result<SearchFilter, InvalidFilter> {
        let name = self.attribute("an attribute name")?;
        match self.peek() {
            Some(b'>') => {
                self.take(">=")?;
                Ok(SearchFilter::GreaterOrEqual(name, self.value()?))
            }
            Some(b'<') => {
                self.take("<=")?;
                Ok(SearchFilter::LessOrEqual(name, self.value()?))
            }
            Some(b'~') => {
                self.take("~=")?;
                Ok(SearchFilter::Approx(name, self.value()?))
            }
            Some(b':') => self.extensible(name),
            _ => {
                self.take("=")?;
                self.equal(name)
            }
        }
    }

    fn extensible(&mut self, attribute: AttributeName) -> Result<SearchFilter, InvalidFilter> {
        let dn = self.take(":dn:").is_ok();
        if !dn {
            self.take(":")?;
        }
        let rule = if self.peek() == Some(b'=') {
            None
        } else {
            let start = self.at;
            let rule = self.attribute("a matching rule")?;
            if rule.as_str().contains(';') {
                // Attributes have options, matching rules have none.
                self.at = start;
                return Err(self.expected("a matching rule"));
            }
            if rule.as_str().starts_with("dn") {
                // The client library takes these two letters for the mark `:dn`.
                self.at = start;
                return Err(self.expected("the OID of a rule whose name begins with dn"));
            }
            self.take(":")?;
            Some(rule)
        };
        self.take("=")?;
        Ok(SearchFilter::Extensible {
            attribute,
            dn,
            rule,
            value: self.value()?,
        })
    }

    /// What follows `=`: a value, parts with `*` between them, or `*` alone.
    fn equal(&mut self, name: AttributeName) -> Result<SearchFilter, InvalidFilter> {
        let start = self.at;
        let mut parts = vec![self.value()?];
        while self.peek() == Some(b'*') {
            self.at += 1;
            parts.push(self.value()?);
        }
        let inner_empty = parts.len() > 2 && parts[1..parts.len() - 1].iter().any(Vec::is_empty);
        if inner_empty {
            self.at = start;
            return Err(self.expected("no two asterisks in a row"));
        }
        Ok(match parts.len() {
            1 => SearchFilter::Equal(name, parts.remove(0)),
            2 if parts.iter().all(Vec::is_empty) => SearchFilter::Present(name),
            _ => SearchFilter::Substrings(name, parts),
        })
    }

    fn value(&mut self) -> Result<Vec<u8>, InvalidFilter> {
        let mut value = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b'(' | b')' | b'*' | 0 => break,
                b'\\' => {
                    let pair = self.text.as_bytes().get(self.at + 1..self.at + 3);
                    let byte = pair
                        .filter(|pair| pair.iter().all(u8::is_ascii_hexdigit))
                        .and_then(|pair| std::str::from_utf8(pair).ok())
                        .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                        .ok_or_else(|| self.expected("two hexadecimal digits after \\"))?;
                    value.push(byte);
                    self.at += 3;
                }
                _ => {
                    value.push(byte);
                    self.at += 1;
                }
            }
        }
        Ok(value)
    }
}

impl fmt::Display for SearchFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, mark: &str, filters: &[Self]| {
            write!(f, "({mark}")?;
            filters.iter().try_for_each(|filter| filter.fmt(f))?;
            f.write_str(")")
        };
        let value = |value: &[u8]| FilterValue::new(value);
        match self {
            Self::And(filters) => list(f, "&", filters),
            Self::Or(filters) => list(f, "|", filters),
            Self::Not(filter) => write!(f, "(!{filter})"),
            Self::Equal(name, bytes) => write!(f, "({name}={})", value(bytes)),
            Self::GreaterOrEqual(name, bytes) => write!(f, "({name}>={})", value(bytes)),
            Self::LessOrEqual(name, bytes) => write!(f, "({name}<={})", value(bytes)),
            Self::Approx(name, bytes) => write!(f, "({name}~={})", value(bytes)),
            Self::Present(name) => write!(f, "({name}=*)"),
            Self::Substrings(name, parts) => {
                let parts: Vec<String> = parts.iter().map(|part| value(part).0).collect();
                write!(f, "({name}={})", parts.join("*"))
            }
            Self::Extensible {
                attribute,
                dn,
                rule,
                value: bytes,
            } => {
                let dn = if *dn { ":dn" } else { "" };
                write!(f, "({attribute}{dn}")?;
                if let Some(rule) = rule {
                    write!(f, ":{rule}")?;
                }
                write!(f, ":={})", value(bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uid() -> AttributeName {
        AttributeName::parse("uid").unwrap()
    }

    /// LD-01: whatever is typed stays one value of one attribute.
    #[test]
    fn typed_values_stay_one_leaf() {
        let long = "(".repeat(2_000);
        let values: [&[u8]; 12] = [
            b"*",
            b"*)(uid=*",
            b"a)(|(x=*",
            b"\\2a",
            b"\0",
            b"(",
            b")",
            b"\\",
            b"\xff\xfe",
            b"",
            "Zoë".as_bytes(),
            long.as_bytes(),
        ];
        for value in values {
            let filter = SearchFilter::Equal(uid(), value.to_vec());
            assert_eq!(SearchFilter::parse(&filter.to_string()), Ok(filter.clone()));
            assert!(ldap3::parse_filter(filter.to_string()).is_ok());
        }
    }

    #[test]
    fn operators_filters_are_read_and_written() {
        for text in [
            "(objectClass=person)",
            "(&(objectClass=person)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
            "(|(cn=a*b*c)(cn=*)(cn=*x)(cn=x*)(n>=1)(n<=2)(n~=z))",
            "(o:dn:=Ace)",
            "(cn:dn:2.4.6.8:=Barney)",
        ] {
            let filter = SearchFilter::parse(text).unwrap();
            assert_eq!(filter.to_string(), text);
            assert!(ldap3::parse_filter(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn errors_say_where() {
        let error = |text| SearchFilter::parse(text).unwrap_err().to_string();
        assert_eq!(error("objectClass=person"), "byte 0: expected (");
        assert_eq!(error("(a=b"), "byte 4: expected )");
        assert_eq!(error("(a=b))"), "byte 5: expected the end of the filter");
        assert_eq!(error("(&)"), "byte 2: expected (");
        assert_eq!(error("(=b)"), "byte 1: expected an attribute name");
        assert_eq!(
            error("(a=\\zz)"),
            "byte 3: expected two hexadecimal digits after \\"
        );
        assert_eq!(
            error("(a=b**c)"),
            "byte 3: expected no two asterisks in a row"
        );
    }

    /// LD-17
    #[test]
    fn depth_and_length_are_bounded() {
        let nested = |depth: usize| format!("{}(a=b){}", "(!".repeat(depth), ")".repeat(depth));
        assert!(SearchFilter::parse(&nested(MAX_FILTER_DEPTH)).is_ok());
        assert_eq!(
            SearchFilter::parse(&nested(MAX_FILTER_DEPTH + 1)),
            Err(InvalidFilter::TooDeep)
        );
        assert_eq!(
            SearchFilter::parse(&nested(10_000)),
            Err(InvalidFilter::TooLong)
        );
        let long = |length: usize| format!("(a={})", "x".repeat(length - 4));
        assert!(SearchFilter::parse(&long(MAX_FILTER)).is_ok());
        assert_eq!(
            SearchFilter::parse(&long(MAX_FILTER + 1)),
            Err(InvalidFilter::TooLong)
        );
    }
}
