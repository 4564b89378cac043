//! YAML as a tree in which every value knows where it stands.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};

use super::problem::{Position, Problem};

/// Largest configuration in bytes; far above any real one.
pub const MAX_CONFIG: usize = 1024 * 1024;

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) value: Value,
}

#[derive(Clone)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Name, Node)>),
}

/// A key of a mapping and where it stands.
#[derive(Clone)]
pub(crate) struct Name {
    pub(crate) at: Position,
    pub(crate) text: String,
}

impl Value {
    /// What the value is, in words.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "empty",
            Self::Boolean(_) => "true or false",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Reads a document.
///
/// # Errors
///
/// [`Problem`] with the place, if the text is not one YAML document.
pub(crate) fn parse(text: &str) -> Result<Node, Problem> {
    if text.len() > MAX_CONFIG {
        return Err(Problem {
            at: None,
            key: String::new(),
            message: "the configuration is larger than 1 MiB".to_owned(),
            fix: String::new(),
        });
    }
    match serde_saphyr::from_str::<Option<Spanned<Value>>>(text) {
        Ok(Some(spanned)) => Ok(node(spanned)),
        Ok(None) => Ok(Node {
            at: Position::START,
            value: Value::Null,
        }),
        Err(error) => Err(syntax_problem(&error)),
    }
}

fn syntax_problem(error: &serde_saphyr::Error) -> Problem {
    // The error's own text may quote the file, and with it a secret.
    let message = match error.without_snippet() {
        serde_saphyr::Error::DuplicateMappingKey { .. } => "a key stands twice in one mapping",
        serde_saphyr::Error::MultipleDocuments { .. } => "there is more than one document",
        _ => "this is not well-formed YAML",
    };
    Problem {
        at: error.location().map(position),
        key: String::new(),
        message: message.to_owned(),
        fix: "check indentation, quotes and colons here and on the line above".to_owned(),
    }
}

fn position(location: Location) -> Position {
    Position {
        line: location.line(),
        column: location.column(),
    }
}

fn node(spanned: Spanned<Value>) -> Node {
    Node {
        at: position(spanned.referenced),
        value: spanned.value,
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value)
            .map(Value::Integer)
            .map_err(|_| E::custom("a number is too large"))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(spanned) = seq.next_element::<Spanned<Value>>()? {
            list.push(node(spanned));
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<Spanned<String>>()? {
            let value = map.next_value::<Spanned<Value>>()?;
            let name = Name {
                at: position(name.referenced),
                text: name.value,
            };
            entries.push((name, node(value)));
        }
        Ok(Value::Map(entries))
    }
}
