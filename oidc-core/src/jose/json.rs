//! A strict reader of JSON: every member once, no deep nesting, no trailing bytes.
//!
//! serde_json keeps the last of two equal members in silence; two readers that choose differently
//! then see two documents ([RFC 8725 section 2.4], [RFC 7515 section 4]).
//!
//! [RFC 8725 section 2.4]: https://www.rfc-editor.org/rfc/rfc8725#section-2.4
//! [RFC 7515 section 4]: https://www.rfc-editor.org/rfc/rfc7515#section-4

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Deepest nesting of arrays and objects that is read.
///
/// Deep enough for any claim in use; far below what would endanger the stack.
pub const MAX_DEPTH: usize = 32;

/// The bytes are not JSON as it is accepted here.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonRefusal {
    /// Not JSON, or JSON with a repeated member or nested deeper than [`MAX_DEPTH`].
    #[error("not acceptable JSON: line {line} column {column}")]
    Malformed {
        /// Line of the offending byte, from 1.
        line: usize,
        /// Column of the offending byte.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
}

/// Reads one JSON value.
///
/// # Errors
///
/// [`JsonRefusal`] if the bytes are not JSON, repeat a member at any depth, nest deeper than
/// [`MAX_DEPTH`], or hold a number outside what a `u64`, `i64` or finite `f64` can be.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonRefusal> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    // The text of the reader's error may quote the document, so only the place is kept.
    value.map_err(|error| JsonRefusal::Malformed {
        line: error.line(),
        column: error.column(),
    })
}

/// Reads one JSON object.
///
/// # Errors
///
/// As [`parse`], and [`JsonRefusal::NotAnObject`].
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonRefusal> {
    match parse(bytes)? {
        Value::Object(members) => Ok(members),
        _ => Err(JsonRefusal::NotAnObject),
    }
}

/// Reads a value that stands inside `depth` arrays and objects.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom("repeated member"));
            }
            let value = members.next_value_seed(inner)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        matches!(parse(text.as_bytes()), Err(JsonRefusal::Malformed { .. }))
    }

    #[test]
    fn plain_values_are_read_as_serde_json_reads_them() {
        for text in [
            "null",
            "true",
            "0",
            "-1",
            "18446744073709551615",
            "1.5",
            r#""a\u00e9""#,
            "[]",
            r#"{"a":[1,{"b":null}]}"#,
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text.as_bytes()).unwrap(), expected, "{text}");
        }
    }

    /// OA-76: duplicate members are refused at every depth, also when escapes hide them.
    #[test]
    fn repeated_members_are_refused_at_every_depth() {
        assert!(refused(r#"{"a":1,"a":1}"#));
        assert!(refused(r#"{"a":1,"\u0061":2}"#));
        assert!(refused(r#"{"x":[{"b":{"c":1,"d":2,"c":3}}]}"#));
        assert!(parse(br#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn nesting_is_read_at_the_bound_and_refused_one_past_it() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(refused(&nested(MAX_DEPTH + 1)));
        let objects = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        assert!(parse(objects(MAX_DEPTH).as_bytes()).is_ok());
        assert!(refused(&objects(MAX_DEPTH + 1)));
    }

    /// OA-76: numbers out of range, lone surrogates, trailing bytes.
    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "{}x",
            "{} {}",
            "1e400",
            "-1e400",
            "01",
            "NaN",
            r#""\ud800""#,
            "\"\u{1}\"",
            "{a:1}",
            "[1,]",
            "'a'",
            "\u{feff}{}",
        ] {
            assert!(refused(text), "{text:?}");
        }
        assert!(parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn an_object_is_demanded_where_one_is_needed() {
        assert_eq!(parse_object(b"[]"), Err(JsonRefusal::NotAnObject));
        assert_eq!(parse_object(b"\"{}\""), Err(JsonRefusal::NotAnObject));
        assert_eq!(parse_object(b"{}"), Ok(Map::new()));
    }

    #[test]
    fn a_refusal_does_not_quote_the_document() {
        let error = parse(br#"{"canary-secret":1,"canary-secret":2}"#).unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
