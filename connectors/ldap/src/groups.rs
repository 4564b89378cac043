//! Which groups somebody is in: a walk through the graph of groups, pure, fed by searches.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{dn::Dn, filter::AttributeName};

/// Most values that one search asks for, so that a filter stays small.
pub const MAX_VALUES_PER_SEARCH: usize = 50;

/// How far a walk may go. Beyond, it fails: a part of the groups is never taken for all.
#[derive(Clone, Copy, Debug)]
pub struct GroupLimits {
    /// Most groups.
    pub groups: usize,
    /// Deepest nesting; groups that somebody is in directly are at depth 1.
    pub depth: usize,
}

/// The walk reached one of its limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupsExceeded {
    /// More groups than allowed.
    #[error("more groups than maxGroups allows")]
    Groups,
    /// Nested deeper than allowed.
    #[error("groups nested deeper than nestingDepth allows")]
    Depth,
}

/// A group as a search found it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundGroup {
    /// What identifies it.
    pub dn: Dn,
    /// The entry's name as the server writes it, the value that parent groups list.
    pub dn_text: String,
    /// The name to report.
    pub name: String,
}

/// Where a walk begins: the values of one attribute of the user, how groups refer to them, and how
/// groups refer to groups.
#[derive(Clone, Debug)]
pub struct GroupStart {
    /// The group attribute that holds the user's value.
    pub group_attribute: AttributeName,
    /// The user's values.
    pub values: Vec<Vec<u8>>,
    /// The group attribute that holds names of groups inside; `None` follows no nesting.
    pub recursion_attribute: Option<AttributeName>,
}

/// A question: which groups have one of these values?
#[derive(Clone, Debug)]
pub struct GroupQuery {
    /// The attribute to look at.
    pub attribute: AttributeName,
    /// The values, at least one and at most [`MAX_VALUES_PER_SEARCH`].
    pub values: Vec<Vec<u8>>,
    recursion: Option<AttributeName>,
    depth: usize,
}

/// A breadth-first walk. Ask what [`GroupWalk::next_query`] says, hand the answer to
/// [`GroupWalk::found`], until there is nothing left to ask.
#[derive(Debug)]
pub struct GroupWalk {
    limits: GroupLimits,
    queries: VecDeque<GroupQuery>,
    /// All groups, by name in the directory: equal display names stay different groups.
    groups: BTreeMap<Dn, String>,
    /// Which groups were asked about through which attribute; this ends cycles.
    asked: BTreeSet<(String, Dn)>,
}

impl GroupWalk {
    /// Begins a walk.
    #[must_use]
    pub fn new(starts: Vec<GroupStart>, limits: GroupLimits) -> Self {
        let mut walk = Self {
            limits,
            queries: VecDeque::new(),
            groups: BTreeMap::new(),
            asked: BTreeSet::new(),
        };
        for start in starts {
            let (attribute, recursion) = (start.group_attribute, start.recursion_attribute);
            walk.push(&attribute, &start.values, recursion.as_ref(), 1);
        }
        walk
    }

    fn push(
        &mut self,
        attribute: &AttributeName,
        values: &[Vec<u8>],
        recursion: Option<&AttributeName>,
        depth: usize,
    ) {
        for values in values.chunks(MAX_VALUES_PER_SEARCH) {
            self.queries.push_back(GroupQuery {
                attribute: attribute.clone(),
                values: values.to_vec(),
                recursion: recursion.cloned(),
                depth,
            });
        }
    }

    /// The next question, or `None` at the end.
    pub fn next_query(&mut self) -> Option<GroupQuery> {
        self.queries.pop_front()
    }

    /// How many more groups an answer may hold before it is certain to be too much.
    #[must_use]
    pub const fn answer_limit(&self) -> usize {
        self.limits.groups
    }

    /// Takes the answer to a question.
    ///
    /// # Errors
    ///
    /// [`GroupsExceeded`] if there are more groups or levels than allowed.
    pub fn found(
        &mut self,
        query: &GroupQuery,
        found: Vec<FoundGroup>,
    ) -> Result<(), GroupsExceeded> {
        let mut parents_of = Vec::new();
        for group in found {
            // Depth counts what adds a level: a cycle back to a known group is no new one.
            if !self.groups.contains_key(&group.dn) {
                if query.depth > self.limits.depth {
                    return Err(GroupsExceeded::Depth);
                }
                if self.groups.len() == self.limits.groups {
                    return Err(GroupsExceeded::Groups);
                }
                self.groups.insert(group.dn.clone(), group.name);
            }
            if let Some(recursion) = &query.recursion
                && self.asked.insert((recursion.as_str().to_owned(), group.dn))
            {
                parents_of.push(group.dn_text.into_bytes());
            }
        }
        if let Some(recursion) = &query.recursion {
            self.push(
                recursion,
                &parents_of,
                query.recursion.as_ref(),
                query.depth + 1,
            );
        }
        Ok(())
    }

    /// The names of all groups found, sorted, each once.
    #[must_use]
    pub fn into_names(self) -> Vec<String> {
        let names: BTreeSet<String> = self.groups.into_values().collect();
        names.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str) -> FoundGroup {
        let dn_text = format!("cn={name},ou=groups");
        FoundGroup {
            dn: Dn::parse(&dn_text).unwrap(),
            dn_text,
            name: name.to_owned(),
        }
    }

    fn limits(groups: usize, depth: usize) -> GroupLimits {
        GroupLimits { groups, depth }
    }

    /// Walks a graph given as "who is directly in which groups".
    fn walk(
        parents: &dyn Fn(&str) -> Vec<String>,
        limits: GroupLimits,
    ) -> Result<Vec<String>, GroupsExceeded> {
        let member = AttributeName::parse("member").unwrap();
        let start = GroupStart {
            group_attribute: member.clone(),
            values: vec![b"user".to_vec()],
            recursion_attribute: Some(member),
        };
        let mut walk = GroupWalk::new(vec![start], limits);
        while let Some(query) = walk.next_query() {
            let mut found = Vec::new();
            for value in &query.values {
                let text = std::str::from_utf8(value).unwrap();
                let name = text
                    .strip_prefix("cn=")
                    .map_or(text, |rest| rest.split(',').next().unwrap());
                found.extend(parents(name).iter().map(|parent| group(parent)));
            }
            walk.found(&query, found)?;
        }
        Ok(walk.into_names())
    }

    fn chain(name: &str, length: usize) -> Vec<String> {
        let at = if name == "user" {
            0
        } else {
            name.parse().unwrap()
        };
        if at < length {
            vec![(at + 1).to_string()]
        } else {
            vec![]
        }
    }

    /// LD-14
    #[test]
    fn cycles_and_diamonds_end() {
        let parents = |name: &str| -> Vec<String> {
            let to: &[&str] = match name {
                "user" => &["a", "b"],
                "a" => &["c", "a"],
                "b" => &["c"],
                "c" => &["a", "d"],
                _ => &[],
            };
            to.iter().map(|name| (*name).to_owned()).collect()
        };
        assert_eq!(walk(&parents, limits(4, 3)).unwrap(), ["a", "b", "c", "d"]);
    }

    /// LD-14: depth at the bound and one past it.
    #[test]
    fn depth_past_the_limit_is_an_error_and_no_subset() {
        assert_eq!(
            walk(&|name| chain(name, 16), limits(100, 16))
                .unwrap()
                .len(),
            16
        );
        assert_eq!(
            walk(&|name| chain(name, 17), limits(100, 16)),
            Err(GroupsExceeded::Depth)
        );
    }

    /// LD-14: number at the bound and one past it.
    #[test]
    fn groups_past_the_limit_are_an_error_and_no_subset() {
        let many = |count: usize| {
            move |name: &str| -> Vec<String> {
                if name == "user" {
                    (0..count).map(|n| n.to_string()).collect()
                } else {
                    vec![]
                }
            }
        };
        assert_eq!(
            walk(&many(10_000), limits(10_000, 16)).unwrap().len(),
            10_000
        );
        assert_eq!(
            walk(&many(10_001), limits(10_000, 16)),
            Err(GroupsExceeded::Groups)
        );
    }

    /// LD-15: one name in two places is two groups to walk from and one name to report.
    #[test]
    fn equal_names_are_merged_only_in_the_answer() {
        let attribute = AttributeName::parse("member").unwrap();
        let start = GroupStart {
            group_attribute: attribute.clone(),
            values: vec![b"user".to_vec()],
            recursion_attribute: Some(attribute),
        };
        let mut walk = GroupWalk::new(vec![start], limits(2, 2));
        let query = walk.next_query().unwrap();
        let other = FoundGroup {
            dn: Dn::parse("cn=a,ou=other").unwrap(),
            dn_text: "cn=a,ou=other".to_owned(),
            name: "a".to_owned(),
        };
        walk.found(&query, vec![group("a"), other]).unwrap();
        assert_eq!(walk.next_query().unwrap().values.len(), 2);
        assert_eq!(walk.into_names(), ["a"]);
    }
}
