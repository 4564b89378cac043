use serde_json::json;

use super::*;
use crate::{
    claims::{ClaimName, ClaimRelease, InvalidClaimName, ReleasedClaim},
    identity::UpstreamSubject,
    protocol::{ClientId, ScopeToken},
};

fn identity() -> Identity {
    let mut identity = Identity::new(UpstreamSubject::parse("u1").unwrap())
        .with_name("Ada Example")
        .with_preferred_username("ada")
        .with_email("ada@example.com", Some(true))
        .with_groups(vec!["dev".to_owned(), "ops".to_owned(), "dev".to_owned()]);
    identity.claims.insert("dept".to_owned(), json!("R&D"));
    identity
        .claims
        .insert("teams".to_owned(), json!(["a", "b"]));
    identity.claims.insert("level".to_owned(), json!(3));
    identity
}

fn client() -> Client {
    Client::public(ClientId::parse("app").unwrap(), Vec::new())
}

fn told(client: &Client, scope: &str, identity: &Identity) -> Value {
    let scope = Scope::parse(scope).unwrap();
    let claims = released_claims(client, &scope, identity, ClaimsFor::IdToken);
    serde_json::to_value(claims).unwrap()
}

fn name(text: &str) -> ClaimName {
    ClaimName::parse(text).unwrap()
}

/// OIDC Core section 5.4, as Dex has it
#[test]
fn scope_decides_what_is_told() {
    for (scope, claims) in [
        ("openid", json!({})),
        (
            "openid profile",
            json!({"name": "Ada Example", "preferred_username": "ada"}),
        ),
        (
            "openid email",
            json!({"email": "ada@example.com", "email_verified": true}),
        ),
        ("openid groups", json!({"groups": ["dev", "ops"]})),
        ("openid offline_access", json!({})),
    ] {
        assert_eq!(told(&client(), scope, &identity()), claims, "{scope}");
    }
}

/// D10: what is not asserted is not verified.
#[test]
fn email_is_verified_only_if_the_upstream_says_so() {
    for (asserted, verified) in [(Some(true), true), (Some(false), false), (None, false)] {
        let identity = identity().with_email("ada@example.com", asserted);
        let claims = told(&client(), "openid email", &identity);
        assert_eq!(claims["email_verified"], json!(verified));
    }
    let mut nobody = identity();
    nobody.email = None;
    nobody.groups.clear();
    assert_eq!(told(&client(), "openid email groups", &nobody), json!({}));
}

#[test]
fn minimal_id_token_leaves_claims_to_userinfo() {
    let client = client().with_id_token_claims(IdTokenContent::Minimal);
    assert_eq!(told(&client, "openid email", &identity()), json!({}));
    let scope = Scope::parse("openid email").unwrap();
    let claims = released_claims(&client, &scope, &identity(), ClaimsFor::UserInfo);
    assert_eq!(claims.get("email"), Some(&json!("ada@example.com")));
    let answer = claims.into_json_with_sub("s");
    assert_eq!(answer["sub"], json!("s"));
}

#[test]
fn mapped_claims_are_told_by_their_scope() {
    let hr = ScopeToken::parse("hr").unwrap();
    let upstream = |source: &str| ReleasedClaim::new(ClaimSource::Upstream(source.to_owned()));
    let release = ClaimRelease::default()
        .with_claim(
            name("tier"),
            ReleasedClaim::new(ClaimSource::Constant(json!(["gold"]))),
        )
        .with_claim(name("department"), upstream("dept").with_scope(hr))
        .with_claim(name("absent"), upstream("nowhere"))
        .with_claim(name("groups"), upstream("teams"));
    let client = client().with_claim_mapping(release);
    assert_eq!(
        told(&client, "openid", &identity()),
        json!({"tier": ["gold"], "groups": ["a", "b"]})
    );
    assert_eq!(
        told(&client, "openid hr", &identity())["department"],
        json!("R&D")
    );
}

/// No mapping says who issued a token, for whom, or until when.
#[test]
fn protocol_claims_cannot_be_mapped() {
    for text in [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "nonce",
        "at_hash",
        "c_hash",
        "azp",
        "auth_time",
        "sid",
        "acr",
        "amr",
        "client_id",
        "scope",
        "events",
        "cnf",
        "act",
    ] {
        assert_eq!(
            ClaimName::parse(text),
            Err(InvalidClaimName::Protocol),
            "{text}"
        );
        let rules = json!({"claims": {text: {"from": {"constant": 1}}}});
        assert!(
            serde_json::from_value::<ClaimRelease>(rules).is_err(),
            "{text}"
        );
    }
    for text in ["", "a\nb", &"c".repeat(257)] {
        assert_eq!(ClaimName::parse(text), Err(InvalidClaimName::Syntax));
    }
}

#[test]
fn rules_are_read_from_configuration_and_unknown_keys_refused() {
    let rules = json!({"claims": {"dept": {"from": {"upstream": "dept"}, "scope": "hr"}}});
    let release: ClaimRelease = serde_json::from_value(rules.clone()).unwrap();
    assert!(release.claims.contains_key(&name("dept")));
    let written = serde_json::to_value(&release).unwrap();
    assert_eq!(
        serde_json::from_value::<ClaimRelease>(written).unwrap(),
        release
    );
    assert!(serde_json::from_value::<ClaimRelease>(json!({"claim": {}})).is_err());
    assert!(serde_json::from_value::<ClaimMapping>(json!({"required_group": []})).is_err());
    assert!(serde_json::from_value::<ClaimMapping>(json!({})).is_ok());
}

#[test]
fn group_rules_keep_drop_and_prefix() {
    let rules: GroupRules = serde_json::from_value(json!({
        "allow": ["dev"], "allow_prefixes": ["team-"], "deny": ["team-x"],
        "deny_prefixes": ["team-secret"], "prefix": "corp:",
    }))
    .unwrap();
    let groups = [
        "dev",
        "devs",
        "team-a",
        "team-x",
        "team-secret-1",
        "ops",
        "dev",
    ];
    let identity = identity().with_groups(groups.map(str::to_owned).to_vec());
    let mapping = ClaimMapping::default().with_group_rules(rules.clone());
    let normal = normalize(&mapping, identity.clone()).unwrap();
    assert_eq!(normal.groups, ["corp:dev", "corp:team-a"]);
    let client = client().with_claim_mapping(ClaimRelease::default().with_group_rules(rules));
    let claims = told(&client, "openid groups", &identity);
    assert_eq!(claims["groups"], json!(["corp:dev", "corp:team-a"]));
}

#[test]
fn default_mapping_changes_nothing_but_repeated_groups() {
    let normal = normalize(&ClaimMapping::default(), identity()).unwrap();
    let once = vec!["dev".to_owned(), "ops".to_owned()];
    assert_eq!(normal, identity().with_groups(once));
}

#[test]
fn fields_are_taken_from_upstream_claims() {
    let mapping: ClaimMapping = serde_json::from_value(json!({
        "name": "dept", "preferred_username": "nowhere", "email": "dept", "groups": "teams",
    }))
    .unwrap();
    let normal = normalize(&mapping, identity()).unwrap();
    assert_eq!(normal.name.as_deref(), Some("R&D"));
    assert_eq!(normal.preferred_username, None);
    assert_eq!(normal.email.unwrap().verified, None);
    assert_eq!(normal.groups, ["a", "b"]);
}

/// D11: a wrong type is a refusal, not an absence.
#[test]
fn wrong_type_of_a_mapped_claim_is_refused() {
    for (field, source) in [
        ("name", "level"),
        ("name", "teams"),
        ("email", "level"),
        ("groups", "level"),
    ] {
        let mapping: ClaimMapping = serde_json::from_value(json!({field: source})).unwrap();
        let refusal = normalize(&mapping, identity()).unwrap_err();
        assert_eq!(refusal, NormalizeRefusal::WrongType(source.to_owned()));
    }
}

#[test]
fn required_groups_are_judged_before_they_are_filtered() {
    let rules = GroupRules::default().with_deny(vec!["ops".to_owned()]);
    let mapping = ClaimMapping::default().with_group_rules(rules);
    let member = mapping
        .clone()
        .with_required_groups(vec!["x".to_owned(), "ops".to_owned()]);
    assert_eq!(normalize(&member, identity()).unwrap().groups, ["dev"]);
    let stranger = mapping.with_required_groups(vec!["x".to_owned()]);
    assert_eq!(
        normalize(&stranger, identity()),
        Err(NormalizeRefusal::RequiredGroup)
    );
    let nobody = identity().with_groups(Vec::new());
    assert_eq!(
        normalize(&stranger, nobody),
        Err(NormalizeRefusal::RequiredGroup)
    );
}

/// 2,000 groups of 256 bytes are kept, after the allow list.
#[test]
fn group_limits_hold_at_the_bound_and_one_past_it() {
    let groups = |count: usize| (0..count).map(|n| format!("g{n}")).collect::<Vec<_>>();
    let plain = ClaimMapping::default();
    assert!(normalize(&plain, identity().with_groups(groups(MAX_GROUPS))).is_ok());
    let many = identity().with_groups(groups(MAX_GROUPS + 1));
    assert_eq!(
        normalize(&plain, many.clone()),
        Err(NormalizeRefusal::TooManyGroups)
    );
    let allow = GroupRules::default().with_allow(vec!["g7".to_owned()]);
    let filtered = normalize(&plain.clone().with_group_rules(allow), many).unwrap();
    assert_eq!(filtered.groups, ["g7"]);
    let long = |length: usize| identity().with_groups(vec!["g".repeat(length)]);
    assert!(normalize(&plain, long(MAX_GROUP_BYTES)).is_ok());
    let longer = normalize(&plain, long(MAX_GROUP_BYTES + 1));
    assert_eq!(longer, Err(NormalizeRefusal::TooManyGroups));
}
