//! ST-14, ST-15, ST-17: ids are kept byte for byte, and no two are taken for one.

use std::{collections::BTreeSet, sync::Arc};

use super::{ISSUER, insert, key, read, read_body, walk_sorted};
use crate::storage::{Kind, Record, Scan, Storage};

/// Ids that an engine, an encoding or a file system might trip over.
fn weird_ids() -> Vec<String> {
    let mut ids: Vec<String> = [
        "a",
        "A",
        "a ",
        " a",
        "a\0",
        "a\0b",
        "\0",
        "\u{1}",
        "\n",
        "\r\n",
        "\t",
        ".",
        "..",
        "...",
        "a.b",
        "/",
        "//",
        "a/b",
        "/a",
        "a/",
        "../a",
        "a//b",
        "\\",
        "a\\b",
        "'",
        "''",
        "\"",
        "`",
        ";",
        "--",
        "/*",
        "%",
        "%%",
        "_",
        "a_",
        "a%",
        "%00",
        "%2F",
        "a%2Fb",
        "?",
        "*",
        "a*",
        ":",
        "a:b",
        "grant:a",
        "{a}",
        "[a]",
        "a,b",
        "a=b",
        "a|b",
        "$1",
        "$(a)",
        "null",
        "NULL",
        "0",
        "00",
        "-0",
        "1e0",
        "true",
        "é",
        "e\u{301}",
        "e",
        "E",
        "ß",
        "ss",
        "SS",
        "ı",
        "i",
        "I",
        "İ",
        "K",
        "\u{212a}",
        "ﬁ",
        "fi",
        "日本",
        "😀",
        "\u{1f468}\u{200d}\u{1f469}",
        "\u{feff}a",
        "\u{200b}",
        "a\u{200b}",
        "\u{202e}a",
        "\u{ffff}",
        "\u{10ffff}",
        "\u{7f}",
        "\u{80}",
    ]
    .map(str::to_owned)
    .to_vec();
    // The longest ids, in one byte and in four; two that differ in the last byte only.
    ids.push("x".repeat(512));
    ids.push(format!("{}y", "x".repeat(511)));
    ids.push("😀".repeat(128));
    ids.push("x".repeat(511));
    ids.push("X".repeat(253));
    ids
}

/// Each id holds its own record.
pub async fn ids_are_kept_byte_for_byte(storage: Arc<dyn Storage>) {
    let ids = weird_ids();
    for id in &ids {
        let _ = insert(&*storage, &key(id.as_str()), &Record::new(id.as_str())).await;
    }
    for id in &ids {
        let body = read_body(&*storage, &key(id.as_str())).await;
        assert_eq!(body.as_deref(), Some(id.as_bytes()), "{id:?}");
    }
}

/// While one id is there, none of the others is.
pub async fn ids_that_look_alike_are_different(storage: Arc<dyn Storage>) {
    let groups: [&[&str]; 8] = [
        &["a", "A"],
        &["a", "a ", " a", "a\0", "a\t"],
        &["é", "e\u{301}", "e"],
        &["ss", "ß"],
        &["i", "I", "ı", "İ"],
        &["a/b", "a%2Fb", "a//b", "a\\b"],
        &["a_", "ab", "a%"],
        &["1", "01", "1.0"],
    ];
    for (kind, group) in Kind::ALL.into_iter().zip(groups) {
        let present = crate::storage::Key::new(ISSUER, kind, group[0]);
        let _ = insert(&*storage, &present, &Record::new("present")).await;
        for other in &group[1..] {
            let other = crate::storage::Key::new(ISSUER, kind, *other);
            assert_eq!(read(&*storage, &other).await, None, "{other:?}");
        }
    }
}

/// A scan gives the ids back as they were written.
pub async fn scan_gives_ids_byte_for_byte(storage: Arc<dyn Storage>) {
    let ids = weird_ids();
    for id in &ids {
        let _ = insert(&*storage, &key(id.as_str()), &Record::new("body")).await;
    }
    let expected: Vec<_> = ids
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    // Small pages, so that weird ids become cursors too.
    let scan = Scan::new(ISSUER, Kind::Grant).with_limit(3);
    assert_eq!(walk_sorted(&*storage, scan).await, expected);
}
