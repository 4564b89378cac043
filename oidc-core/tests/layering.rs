//! Reads the sources of the workspace: arrows between modules, sizes of files and traits.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Longest source file outside tests, in lines.
const MAX_LINES: usize = 500;
/// Most methods of a trait.
const MAX_METHODS: usize = 6;

/// Modules that know rules only: no I/O, clock, randomness, async.
const PURE: [&str; 7] = [
    "protocol", "jose", "client", "claims", "consent", "grant", "token",
];
/// Modules that await traits.
const DRIVERS: [&str; 4] = ["flow", "token_endpoint", "endpoint", "issuer"];
/// The traits and what they rest on; they may use `protocol`, `jose` and plain records.
const TRAITS: [&str; 5] = ["connector", "signer", "clock", "entropy", "identity"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries.map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if entry.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            found.extend(sources(&entry));
        } else if name.ends_with(".rs") {
            found.push(entry);
        }
    }
    found
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs")
}

/// The source without its unit tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let end = text
        .find("\n#[cfg(test)]\nmod tests {")
        .unwrap_or(text.len());
    text[..end].to_owned()
}

/// The modules of the crate that a source names in code, doc comments left out.
fn named_modules(code: &str) -> Vec<String> {
    let flat: String = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut named = Vec::new();
    for (at, _) in flat.match_indices("crate::") {
        let rest = &flat[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            // The first words of each item of `use crate::{…};`, at depth one.
            let mut depth = 1;
            let mut word = String::new();
            let mut first = true;
            for letter in group.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => first = true,
                    ':' if depth == 1 && first => {
                        named.push(std::mem::take(&mut word));
                        first = false;
                    }
                    letter
                        if depth == 1 && first && (letter.is_alphanumeric() || letter == '_') =>
                    {
                        word.push(letter);
                    }
                    _ => {}
                }
                if depth == 0 {
                    named.push(word);
                    break;
                }
            }
        } else {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            named.push(rest[..end.unwrap_or(rest.len())].to_owned());
        }
    }
    named.retain(|name| !name.is_empty());
    named
}

fn module_sources(module: &str) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = sources(&src.join(module));
    let single = src.join(format!("{module}.rs"));
    if single.exists() {
        found.push(single);
    }
    assert!(!found.is_empty(), "module {module} is gone; mend this test");
    found.retain(|path| !is_test(path));
    found
}

fn assert_names_none_of(modules: &[&str], forbidden: &[&str]) {
    for module in modules {
        for path in module_sources(module) {
            for name in named_modules(&code(&path)) {
                assert!(
                    !forbidden.contains(&name.as_str()),
                    "{} may not know `{name}`",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn rules_do_not_know_who_drives_them() {
    assert_names_none_of(&PURE, &DRIVERS);
    assert_names_none_of(&PURE, &["http", "storage_engine", "conformance", "event"]);
}

#[test]
fn wire_and_jose_stand_on_nothing_above() {
    let above = [
        "client",
        "claims",
        "consent",
        "grant",
        "token",
        "signer",
        "connector",
    ];
    assert_names_none_of(&["protocol", "jose"], &above);
}

#[test]
fn traits_know_no_rules() {
    let above = ["client", "claims", "consent", "grant", "token", "http"];
    assert_names_none_of(&TRAITS, &above);
    assert_names_none_of(&TRAITS, &DRIVERS);
}

#[test]
fn steps_and_endpoints_do_not_know_http() {
    assert_names_none_of(&DRIVERS, &["http", "conformance"]);
}

#[test]
fn rules_are_neither_async_nor_reading_clocks() {
    for module in PURE {
        for path in module_sources(module) {
            let code = code(&path);
            for word in [
                "async fn",
                ".await",
                "SystemTime",
                "Instant::now",
                "std::env",
                "std::fs",
            ] {
                assert!(!code.contains(word), "{} holds `{word}`", path.display());
            }
        }
    }
}

#[test]
fn crates_depend_only_as_the_architecture_says() {
    let allowed: [(&str, &[&str]); 5] = [
        ("oidc-core", &[]),
        ("connectors/local", &["oidc-core"]),
        ("connectors/ldap", &["oidc-core"]),
        ("token-store", &["oidc-core"]),
        (
            "examples",
            &[
                "oidc-core",
                "oidc-connector-local",
                "oidc-connector-ldap",
                "oidc-token-store",
            ],
        ),
    ];
    for (folder, allowed) in allowed {
        let manifest = fs::read_to_string(workspace().join(folder).join("Cargo.toml")).unwrap();
        let (_, rest) = manifest.split_once("[dependencies]").unwrap();
        let dependencies = rest.split("\n[").next().unwrap();
        let ours = dependencies
            .lines()
            .filter_map(|line| line.split(['.', ' ', '=']).next())
            .filter(|name| name.starts_with("oidc-"));
        for name in ours {
            assert!(allowed.contains(&name), "{folder} may not depend on {name}");
        }
    }
}

#[test]
fn files_are_small() {
    for path in sources(&workspace()) {
        if is_test(&path) {
            continue;
        }
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(
            lines <= MAX_LINES,
            "{} has {lines} lines, {MAX_LINES} are allowed",
            path.display()
        );
    }
}

#[test]
fn traits_are_small() {
    for path in sources(&workspace()) {
        let code = code(&path);
        for (at, _) in code.match_indices("\npub trait ") {
            let body = &code[at + 1..];
            let end = body.find("\n}").unwrap_or(body.len());
            let methods = body[..end]
                .lines()
                .filter(|line| line.starts_with("    fn ") || line.starts_with("    async fn "))
                .count();
            assert!(
                methods <= MAX_METHODS,
                "a trait in {} has {methods} methods",
                path.display()
            );
        }
    }
}

/// The test of this test: a wrong arrow is seen in every way of writing it.
#[test]
fn wrong_arrows_are_seen() {
    for code in [
        "use crate::flow::x;",
        "use crate::{\n    clock::UnixTime,\n    flow::{a, b},\n};",
        "let x = crate::flow::x();",
        "use crate::{flow};",
    ] {
        assert!(named_modules(code).contains(&"flow".to_owned()), "{code}");
    }
    assert!(named_modules("/// crate::flow is not named\nuse crate::a::flow;") == ["a"]);
}
