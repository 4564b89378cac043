//! The commented examples are what the program reads.

use std::path::Path;

use oidc_examples::config;

fn environment(name: &str) -> Option<String> {
    ["PORTAL_SECRET", "LDAP_PASSWORD"]
        .contains(&name)
        .then(|| "0123456789-0123456789-0123456789".to_owned())
}

#[test]
fn every_sample_is_read_without_mistakes_or_warnings() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut samples = 0;
    for entry in std::fs::read_dir(&directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("readable");
        let config = config::load(&text, &directory, &environment)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(config.warnings, [], "{}", path.display());
        samples += 1;
    }
    assert_eq!(samples, 2);
}
