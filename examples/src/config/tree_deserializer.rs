//! From a tree to another crate's settings, with the place of what does not fit.

use std::fmt;

use serde::{
    de::{
        self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor,
    },
    forward_to_deserialize_any,
};

use super::{
    problem::{Position, nearest},
    section::{Context, Section},
    yaml::{Name, Node, Value},
};

/// A secret that stands under `key`, or is named by one of the others.
pub(super) struct SecretKey {
    pub(super) key: &'static str,
    pub(super) environment: &'static str,
    pub(super) file: &'static str,
}

/// The mapping with secrets from the environment and from files in their places.
pub(super) fn with_secrets(
    context: &Context<'_>,
    path: &str,
    node: &Node,
    secrets: &[SecretKey],
) -> Option<Node> {
    let mut section = Section::open(context, path, node)?;
    let Value::Map(entries) = &node.value else {
        return Some(node.clone());
    };
    let mut entries = entries.clone();
    for secret in secrets {
        let keys = [secret.key, secret.environment, secret.file];
        let value = section.secret(&keys);
        let Some(text) = value.as_ref().and_then(|value| value.expose_str()) else {
            continue;
        };
        check_literal(&section, secret, text);
        let at = keys
            .iter()
            .find(|key| section.has(key))
            .map(|key| section.at(key))?;
        entries.retain(|(name, _)| !keys.contains(&name.text.as_str()));
        let name = Name {
            at,
            text: secret.key.to_owned(),
        };
        let value = Value::Text(text.to_owned());
        entries.push((name, Node { at, value }));
    }
    Some(Node {
        at: node.at,
        value: Value::Map(entries),
    })
}

/// Dex expands `$NAME` here; taken literally it would be a well-known password.
fn check_literal(section: &Section<'_>, secret: &SecretKey, text: &str) {
    let name = text
        .strip_prefix('$')
        .map(|name| name.trim_matches(['{', '}']));
    let variable =
        |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    if section.has(secret.key)
        && name.is_some_and(|name| !name.is_empty() && name.chars().all(variable))
    {
        let fix = format!("name the variable under {}", secret.environment);
        section.problem(
            secret.key,
            "looks like a variable, which is not expanded",
            &fix,
        );
    }
}

/// Where a dotted key stands below `node`, as far as it is there.
pub(super) fn position(node: &Node, key: &str) -> Position {
    let mut at = node;
    for part in key.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
        let next = match &at.value {
            Value::Map(entries) => entries
                .iter()
                .find(|(name, _)| name.text == part)
                .map(|(_, node)| node),
            Value::List(list) => part.parse().ok().and_then(|index: usize| list.get(index)),
            _ => None,
        };
        let Some(next) = next else { break };
        at = next;
    }
    at.at
}

/// Reads settings from a tree. Unknown keys are all noted, of other mistakes the first.
pub(super) fn read<T: DeserializeOwned>(
    context: &Context<'_>,
    path: &str,
    node: &Node,
) -> Option<T> {
    let tree = Tree {
        context,
        path,
        node,
    };
    match T::deserialize(tree) {
        Ok(settings) => Some(settings),
        Err(error) => {
            let at = error.at.unwrap_or(node.at);
            let key = error.key.as_deref().unwrap_or(path);
            context.problem(at, key, &error.message, &error.fix);
            None
        }
    }
}

#[derive(Clone, Copy)]
struct Tree<'a> {
    context: &'a Context<'a>,
    path: &'a str,
    node: &'a Node,
}

/// Why a value does not fit; the place is added by the innermost value around it.
#[derive(Debug)]
struct Misfit {
    at: Option<Position>,
    key: Option<String>,
    message: String,
    fix: String,
}

impl Misfit {
    fn within(mut self, key: &str, at: Position) -> Self {
        self.at.get_or_insert(at);
        self.key.get_or_insert_with(|| key.to_owned());
        self
    }

    fn new(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            at: None,
            key: None,
            message: message.into(),
            fix: fix.into(),
        }
    }
}

impl std::error::Error for Misfit {}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), "")
    }

    // The default texts quote the value, which may be a secret.
    fn invalid_type(_unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("must be {expected}"), "")
    }

    fn invalid_value(_unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("must be {expected}"), "")
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new("is not a known value", suggestion(variant, expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new("is not a known key", suggestion(field, expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("{field} is missing"), format!("set {field}"))
    }
}

fn suggestion(typed: &str, expected: &[&str]) -> String {
    match nearest(typed, expected) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("known here: {}", expected.join(", ")),
    }
}

impl<'de> de::Deserializer<'de> for Tree<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let read = match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Integer(value) => match u64::try_from(*value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(*value),
            },
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(list) => visitor.visit_seq(Items {
                tree: self,
                items: list.iter().enumerate(),
            }),
            Value::Map(entries) => visitor.visit_map(Entries {
                tree: self,
                entries: entries.iter(),
                known: None,
                value: None,
            }),
        };
        read.map_err(|misfit| misfit.within(self.path, self.node.at))
    }

    /// Notes all keys that the structure does not have, and goes on without them.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let Value::Map(entries) = &self.node.value else {
            return self.deserialize_any(visitor);
        };
        let read = Entries {
            tree: self,
            entries: entries.iter(),
            known: Some(fields),
            value: None,
        };
        for (name, _) in entries {
            if !fields.contains(&name.text.as_str()) {
                let (key, fix) = (read.path(name), suggestion(&name.text, fields));
                self.context
                    .problem(name.at, &key, "is not a known key", &fix);
            }
        }
        visitor
            .visit_map(read)
            .map_err(|misfit| misfit.within(self.path, self.node.at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let read = match &self.node.value {
            Value::Text(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(Misfit::new("must be text", "")),
        };
        read.map_err(|misfit: Misfit| misfit.within(self.path, self.node.at))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'a> {
    tree: Tree<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Misfit> {
        let Some((index, node)) = self.items.next() else {
            return Ok(None);
        };
        let path = format!("{}[{index}]", self.tree.path);
        let tree = Tree {
            context: self.tree.context,
            path: &path,
            node,
        };
        seed.deserialize(tree)
            .map(Some)
            .map_err(|misfit| misfit.within(&path, node.at))
    }
}

struct Entries<'a> {
    tree: Tree<'a>,
    entries: std::slice::Iter<'a, (Name, Node)>,
    /// The only keys to hand out; `None`: all.
    known: Option<&'static [&'static str]>,
    value: Option<(&'a Name, &'a Node)>,
}

impl Entries<'_> {
    fn path(&self, name: &Name) -> String {
        let shown: String = name
            .text
            .chars()
            .take(64)
            .flat_map(char::escape_debug)
            .collect();
        format!("{}.{shown}", self.tree.path)
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Misfit;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Misfit> {
        let known = self.known;
        let wanted = |name: &Name| known.is_none_or(|known| known.contains(&name.text.as_str()));
        let Some((name, node)) = self.entries.find(|(name, _)| wanted(name)) else {
            return Ok(None);
        };
        let key: de::value::StrDeserializer<'_, Misfit> = name.text.as_str().into_deserializer();
        self.value = Some((name, node));
        let path = self.path(name);
        seed.deserialize(key)
            .map(Some)
            .map_err(|misfit| misfit.within(&path, name.at))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        let Some((name, node)) = self.value.take() else {
            return Err(Misfit::new("a value was read before its key", ""));
        };
        let path = self.path(name);
        let tree = Tree {
            context: self.tree.context,
            path: &path,
            node,
        };
        seed.deserialize(tree)
            .map_err(|misfit| misfit.within(&path, node.at))
    }
}
