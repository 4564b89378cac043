//! Reading a mapping key by key: every mistake is noted, none ends the reading.

use std::{cell::RefCell, ops::RangeInclusive, path::Path, time::Duration};

use oidc_core::secret::Secret;

use super::{
    duration,
    problem::{Position, Problem, nearest},
    yaml::{Name, Node, Value},
};

/// Largest file that a secret is read from, in bytes.
const MAX_SECRET_FILE: u64 = 64 * 1024;

/// Keys that Dex has and this issuer does not have yet: the answer is better than "unknown".
const NOT_YET: [&str; 26] = [
    "connectors[].grantTypes",
    "expiry.deviceRequests",
    "frontend",
    "grpc",
    "logger.excludeFields",
    "mfa",
    "oauth2.grantTypes",
    "oauth2.passwordConnector",
    "oauth2.pkce",
    "sessions.cookieEncryptionKey",
    "sessions.cookieName",
    "sessions.rememberMeCheckedByDefault",
    "sessions.ssoSharedWithDefault",
    "signer",
    "staticClients[].allowedScopes",
    "staticClients[].grantTypes",
    "staticClients[].logoURL",
    "staticClients[].mfaChain",
    "staticClients[].trustedPeers",
    "telemetry",
    "web.allowedHeaders",
    "web.allowedOrigins",
    "web.clientRemoteIP",
    "web.headers",
    "web.tlsMaxVersion",
    "web.tlsMinVersion",
];

/// Where secrets come from, and where mistakes go.
pub(crate) struct Context<'a> {
    /// Looks an environment variable up.
    pub(crate) environment: &'a dyn Fn(&str) -> Option<String>,
    /// Relative file names are relative to this directory.
    pub(crate) directory: &'a Path,
    pub(crate) problems: RefCell<Vec<Problem>>,
    pub(crate) warnings: RefCell<Vec<Problem>>,
}

impl Context<'_> {
    pub(crate) fn problem(&self, at: Position, key: &str, message: &str, fix: &str) {
        self.problems.borrow_mut().push(Problem {
            at: Some(at),
            key: key.to_owned(),
            message: message.to_owned(),
            fix: fix.to_owned(),
        });
    }
}

/// A mapping that is being read.
pub(crate) struct Section<'a> {
    pub(crate) context: &'a Context<'a>,
    /// The full name of the mapping; empty for the whole file.
    path: String,
    at: Position,
    entries: &'a [(Name, Node)],
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// Takes the mapping `node`; notes a problem if it is something else.
    pub(crate) fn open(context: &'a Context<'a>, path: &str, node: &'a Node) -> Option<Self> {
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            other => {
                let message = format!("must be a mapping, not {}", other.kind());
                context.problem(node.at, path, &message, "write keys and values below it");
                return None;
            }
        };
        Some(Self {
            context,
            path: path.to_owned(),
            at: node.at,
            entries,
            known: Vec::new(),
        })
    }

    /// The full name of a key of this mapping.
    pub(crate) fn key(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Where a key's value stands; where the mapping starts if the key is not there.
    pub(crate) fn at(&self, key: &str) -> Position {
        let entry = self.entries.iter().find(|(name, _)| name.text == key);
        entry.map_or(self.at, |(_, node)| node.at)
    }

    /// Whether a key has a value; an empty one is as good as none.
    pub(crate) fn has(&self, key: &str) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|(name, node)| name.text == key && !matches!(node.value, Value::Null))
    }

    /// Whether no mistake was found so far.
    pub(crate) fn is_sound(&self) -> bool {
        self.context.problems.borrow().is_empty()
    }

    /// Notes a mistake at a key.
    pub(crate) fn problem(&self, key: &str, message: &str, fix: &str) {
        self.context
            .problem(self.at(key), &self.key(key), message, fix);
    }

    /// Notes a weak setting at a key.
    pub(crate) fn warn(&self, key: &str, message: &str, fix: &str) {
        self.context.warnings.borrow_mut().push(Problem {
            at: Some(self.at(key)),
            key: self.key(key),
            message: message.to_owned(),
            fix: fix.to_owned(),
        });
    }

    /// The value of a key, unless it is empty or not there.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        let entry = self.entries.iter().find(|(name, _)| name.text == key);
        entry
            .map(|(_, node)| node)
            .filter(|node| !matches!(node.value, Value::Null))
    }

    fn mistyped(&self, key: &str, node: &Node, wanted: &str, fix: &str) {
        let message = format!("must be {wanted}, not {}", node.value.kind());
        self.context.problem(node.at, &self.key(key), &message, fix);
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        let node = self.node(key)?;
        if let Value::Text(text) = &node.value {
            return Some(text.clone());
        }
        self.mistyped(key, node, "text", "put it in quotes");
        None
    }

    /// A text that must be there; `fix` says what to write.
    pub(crate) fn required(&mut self, key: &'static str, fix: &str) -> Option<String> {
        let present = self.node(key).is_some();
        let text = self.text(key);
        if !present || text.as_deref() == Some("") {
            self.problem(key, "is missing", fix);
            return None;
        }
        text
    }

    pub(crate) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        if let Value::Boolean(value) = node.value {
            return Some(value);
        }
        self.mistyped(
            key,
            node,
            "true or false",
            "write true or false without quotes",
        );
        None
    }

    /// A duration within `bounds`.
    pub(crate) fn duration(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let node = self.node(key)?;
        let read = match &node.value {
            Value::Text(text) => duration::parse(text),
            Value::Integer(0) => Some(Duration::ZERO),
            _ => None,
        };
        let Some(read) = read else {
            self.problem(key, "is not a duration", "write it like 24h, 1h30m or 30s");
            return None;
        };
        if bounds.contains(&read) {
            return Some(read);
        }
        let fix = format!(
            "choose {} to {}, or leave it out",
            duration::format(*bounds.start()),
            duration::format(*bounds.end())
        );
        self.problem(key, "is out of bounds", &fix);
        None
    }

    /// The mapping under a key.
    pub(crate) fn section(&mut self, key: &'static str) -> Option<Section<'a>> {
        let node = self.node(key)?;
        Section::open(self.context, &self.key(key), node)
    }

    fn list(&mut self, key: &'static str) -> &'a [Node] {
        match self.node(key) {
            None => &[],
            Some(Node {
                value: Value::List(list),
                ..
            }) => list,
            Some(node) => {
                self.mistyped(key, node, "a list", "start each entry with a dash");
                &[]
            }
        }
    }

    /// The mappings listed under a key.
    pub(crate) fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let path = self.key(key);
        let nodes = self.list(key).iter().enumerate();
        nodes
            .filter_map(|(index, node)| {
                Section::open(self.context, &format!("{path}[{index}]"), node)
            })
            .collect()
    }

    /// The texts listed under a key.
    pub(crate) fn texts(&mut self, key: &'static str) -> Vec<String> {
        let mut texts = Vec::new();
        for (index, node) in self.list(key).iter().enumerate() {
            if let Value::Text(text) = &node.value {
                texts.push(text.clone());
            } else {
                self.mistyped(&format!("{key}[{index}]"), node, "text", "put it in quotes");
            }
        }
        texts
    }

    /// A text that stands under `keys[0]`, or in the environment variable that `keys[1]` names,
    /// or, if there is a third key, in the file that it names. At most one of them may be set.
    pub(crate) fn secret(&mut self, keys: &[&'static str]) -> Option<Secret> {
        let set: Vec<usize> = (0..keys.len())
            .filter(|index| self.node(keys[*index]).is_some())
            .collect();
        let [index] = set[..] else {
            if let Some(second) = set.get(1) {
                let message = format!("must not be set beside {}", keys[set[0]]);
                self.problem(keys[*second], &message, "keep one of them");
            }
            return None;
        };
        let key = keys[index];
        let text = self.text(key)?;
        match index {
            0 => Some(Secret::new(text)),
            1 => self.secret_from_environment(key, &text),
            _ => self.secret_from_file(key, &text),
        }
    }

    pub(crate) fn secret_from_environment(&self, key: &str, variable: &str) -> Option<Secret> {
        let value = (self.context.environment)(variable).filter(|value| !value.is_empty());
        if value.is_none() {
            self.problem(
                key,
                "names an environment variable that is not set",
                "set the variable, or name another",
            );
        }
        value.map(Secret::new)
    }

    pub(crate) fn secret_from_file(&self, key: &str, file: &str) -> Option<Secret> {
        match read_secret(&self.context.directory.join(file)) {
            Ok(secret) => Some(secret),
            Err(why) => {
                self.problem(
                    key,
                    &format!("names a file that {why}"),
                    "name a readable file",
                );
                None
            }
        }
    }

    /// Notes every key that nobody asked for.
    pub(crate) fn finish(self) {
        for (name, _) in self.entries {
            if self.known.contains(&name.text.as_str()) {
                continue;
            }
            let shown: String = name
                .text
                .chars()
                .take(64)
                .flat_map(char::escape_debug)
                .collect();
            let key = self.key(&shown);
            if NOT_YET.contains(&without_indices(&key).as_str()) {
                self.context
                    .problem(name.at, &key, "is not supported yet", "remove it");
                continue;
            }
            let fix = match nearest(&name.text, &self.known) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            self.context
                .problem(name.at, &key, "is not a known key", &fix);
        }
    }
}

fn without_indices(key: &str) -> String {
    let mut inside = false;
    key.chars()
        .filter(|letter| {
            if *letter == '[' {
                inside = true;
                return true;
            }
            inside &= *letter != ']';
            !inside
        })
        .collect()
}

fn read_secret(path: &Path) -> Result<Secret, &'static str> {
    let size = std::fs::metadata(path).map_err(|_| "cannot be read")?.len();
    if size > MAX_SECRET_FILE {
        return Err("is larger than 64 KiB");
    }
    let mut bytes = std::fs::read(path).map_err(|_| "cannot be read")?;
    // Editors end a file with a line break that is no part of the secret.
    if bytes.ends_with(b"\n") {
        bytes.pop();
    }
    if bytes.ends_with(b"\r") {
        bytes.pop();
    }
    if bytes.is_empty() {
        return Err("is empty");
    }
    Ok(Secret::new(bytes))
}
