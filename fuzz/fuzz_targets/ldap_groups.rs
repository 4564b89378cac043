//! FZ-30: the walk through the groups ends; its result is everything that can be reached, or an
//! error exactly if a limit is passed, and never a part.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_connector_ldap::{
    dn::Dn,
    filter::AttributeName,
    fuzzing::{FoundGroup, GroupLimits, GroupStart, GroupWalk, GroupsExceeded},
};

const USER: u8 = 255;

#[derive(Arbitrary, Debug)]
struct Input {
    /// Who is directly in which group; 255 is the user.
    edges: Vec<(u8, u8)>,
    groups: u8,
    depth: u8,
    nested: bool,
}

fn dn(node: u8) -> String {
    format!("cn=g{node},ou=groups")
}

/// Level of each group that can be reached, by simple rounds.
fn levels(edges: &[(u8, u8)], nested: bool) -> BTreeMap<u8, usize> {
    let mut levels: BTreeMap<u8, usize> = BTreeMap::new();
    let mut last = BTreeSet::from([USER]);
    for level in 1.. {
        let next: BTreeSet<u8> = edges
            .iter()
            .filter(|(member, group)| last.contains(member) && !levels.contains_key(group))
            .map(|(_, group)| *group)
            .collect();
        if next.is_empty() {
            break;
        }
        levels.extend(next.iter().map(|group| (*group, level)));
        if !nested {
            break;
        }
        last = next;
    }
    levels
}

fn walk(input: &Input, edges: &[(u8, u8)]) -> Result<Vec<String>, GroupsExceeded> {
    let member = AttributeName::parse("member").expect("a name");
    let start = GroupStart {
        group_attribute: member.clone(),
        values: vec![dn(USER).into_bytes()],
        recursion_attribute: input.nested.then_some(member),
    };
    let limits = GroupLimits {
        groups: input.groups.into(),
        depth: input.depth.into(),
    };
    let mut walk = GroupWalk::new(vec![start], limits);
    let mut queries = 0;
    while let Some(query) = walk.next_query() {
        queries += 1;
        assert!(queries <= 1_000, "the walk does not end");
        assert!(!query.values.is_empty() && query.values.len() <= 50);
        let found = edges
            .iter()
            .filter(|(member, _)| query.values.contains(&dn(*member).into_bytes()))
            .map(|(_, group)| FoundGroup {
                dn: Dn::parse(&dn(*group)).expect("a name"),
                dn_text: dn(*group),
                name: format!("g{group}"),
            })
            .collect();
        walk.found(&query, found)?;
    }
    Ok(walk.into_names())
}

fuzz_target!(|input: Input| {
    let mut edges = input.edges.clone();
    edges.truncate(512);
    edges.retain(|(_, group)| *group != USER);
    let levels = levels(&edges, input.nested);
    let deepest = levels.values().copied().max().unwrap_or(0);
    let fits = levels.len() <= input.groups.into() && deepest <= input.depth.into();
    match walk(&input, &edges) {
        Ok(names) => {
            let expected: BTreeSet<String> =
                levels.keys().map(|group| format!("g{group}")).collect();
            assert!(fits, "a limit was passed unseen");
            assert!(names.iter().eq(&expected));
        }
        Err(_) => assert!(!fits, "an error without need"),
    }
});
