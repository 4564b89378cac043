//! FZ-27: a filter built from a template and a value has the template's shape and exactly the
//! value's bytes, for our parser and for the client library's.

#![no_main]

use arbitrary::Arbitrary;
use ldap3::asn1::{ASNTag, PL, StructureTag};
use libfuzzer_sys::fuzz_target;
use oidc_connector_ldap::filter::{AttributeName, SearchFilter};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    template: &'a str,
    value: &'a [u8],
}

fn parts(tag: StructureTag) -> Vec<StructureTag> {
    match tag.payload {
        PL::C(parts) => parts,
        PL::P(_) => panic!("a primitive element where parts should be"),
    }
}

fn octets(tag: &StructureTag) -> &[u8] {
    match &tag.payload {
        PL::P(octets) => octets,
        PL::C(_) => panic!("a constructed element where octets should be"),
    }
}

/// The client library reads one assertion of `uid` with this value.
fn assert_leaf(tag: StructureTag, value: &[u8]) {
    assert_eq!(tag.id, 3);
    let leaf = parts(tag);
    assert_eq!(leaf.len(), 2);
    assert_eq!(octets(&leaf[0]), b"uid");
    assert_eq!(octets(&leaf[1]), value);
}

fuzz_target!(|input: Input<'_>| {
    let uid = AttributeName::parse("uid").expect("a name");
    let leaf = SearchFilter::any_equal([&uid], &[input.value.to_vec()]);
    let written = leaf.to_string();
    if written.len() <= oidc_connector_ldap::filter::MAX_FILTER {
        assert_eq!(SearchFilter::parse(&written).as_ref(), Ok(&leaf));
    }
    let read = ldap3::parse_filter(&written).expect("the library reads what we write");
    assert_leaf(read.into_structure(), input.value);

    let Ok(template) = SearchFilter::parse(input.template) else {
        return;
    };
    let again = template.to_string();
    if again.len() <= oidc_connector_ldap::filter::MAX_FILTER {
        assert_eq!(SearchFilter::parse(&again).as_ref(), Ok(&template));
    }
    let both = leaf.and(Some(&template)).to_string();
    let read = ldap3::parse_filter(&both).expect("the library reads what we write");
    let mut read = parts(read.into_structure());
    assert_eq!(read.len(), 2);
    assert_leaf(read.remove(1), input.value);
});
