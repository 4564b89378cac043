//! The README shows what is compiled.

use std::{fs, path::Path};

#[test]
fn the_readme_s_embedding_is_the_minimal_example_and_short() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(here.join("../README.md")).unwrap();
    let minimal = fs::read_to_string(here.join("src/bin/minimal.rs")).unwrap();
    assert!(minimal.lines().count() < 40);
    assert!(readme.contains(&format!("```rust\n{minimal}```")));
}
