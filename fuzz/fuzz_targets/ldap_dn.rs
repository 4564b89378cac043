//! FZ-28: a value escaped into a name reads back unchanged and adds no part; what is parsed and
//! written again is the same name.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_connector_ldap::dn::{Dn, MAX_DN, MAX_RDNS, Rdn};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    value: &'a [u8],
    text: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let base = Dn::parse("ou=people,dc=example,dc=org").expect("a name");
    let rdn = Rdn::new("uid", input.value).expect("an attribute");
    let name = base.child(rdn);
    let written = name.to_string();
    match Dn::parse(&written) {
        Ok(read) => {
            assert_eq!(read.rdns().len(), 4);
            assert_eq!(read.rdns()[0].value("uid"), Some(input.value));
            assert_eq!(read, name);
            assert!(read.is_within(&base) && !base.is_within(&read));
        }
        Err(_) => assert!(written.len() > MAX_DN),
    }
    if let Ok(read) = Dn::parse(input.text) {
        assert!(read.rdns().len() <= MAX_RDNS);
        assert!(read.is_within(&read));
        let written = read.to_string();
        if written.len() <= MAX_DN {
            assert_eq!(Dn::parse(&written), Ok(read));
        }
    }
});
