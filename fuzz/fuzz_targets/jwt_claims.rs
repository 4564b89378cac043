//! FZ-11: accepted claims have every required member with the right type and range; an unknown member never changes the verdict, a missing one always refuses.

#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_core::{
    clock::UnixTime,
    jose::{Claims, ClaimsExpected, MAX_AUDIENCES, MAX_NUMERIC_DATE},
};
use serde_json::{Map, Value};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "client";
const NOW: u64 = 1_800_000_000;
const SKEW: u64 = 60;
/// Longer values and more of them find nothing more and cost the fuzzer its speed.
const MAX_VALUE: usize = 1024;
const MAX_CHANGES: usize = 24;
const KNOWN: [&str; 7] = ["iss", "aud", "exp", "iat", "nbf", "sub", "jti"];

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Raw(&'a [u8]),
    Members(Vec<(Name<'a>, Json<'a>)>),
    /// Acceptable claims with these put in their place.
    Changed(Vec<(Name<'a>, Json<'a>)>),
}

#[derive(Arbitrary, Debug)]
enum Name<'a> {
    Known(u8),
    Other(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Json<'a> {
    Issuer,
    Audience,
    Near(i16),
    Number(u64),
    Negative(i64),
    Float(f64),
    Text(&'a str),
    Bool(bool),
    Null,
    Digits,
    List(Vec<Json<'a>>),
    Many(u8),
    Object(Vec<(&'a str, Json<'a>)>),
}

impl Json<'_> {
    fn write(&self, out: &mut String) {
        match self {
            _ if out.len() > MAX_VALUE => out.push_str("null"),
            Self::Issuer => out.push_str(&Value::from(ISSUER).to_string()),
            Self::Audience => out.push_str(&Value::from(AUDIENCE).to_string()),
            Self::Near(by) => out.push_str(&NOW.saturating_add_signed(i64::from(*by)).to_string()),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Negative(number) => out.push_str(&number.to_string()),
            Self::Float(number) => out.push_str(&Value::from(*number).to_string()),
            Self::Text(text) => out.push_str(&Value::from(*text).to_string()),
            Self::Bool(value) => out.push_str(&value.to_string()),
            Self::Null => out.push_str("null"),
            Self::Digits => out.push_str("\"1800000000\""),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Many(count) => {
                let all = vec![AUDIENCE; usize::from(*count)];
                out.push_str(&Value::from(all).to_string());
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&Value::from(*name).to_string());
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn text(input: &Input<'_>) -> Vec<u8> {
    let (mut members, changes) = match input {
        Input::Raw(bytes) => return bytes.to_vec(),
        Input::Members(changes) => (Vec::new(), changes),
        Input::Changed(changes) => {
            let good = [
                ("iss", format!("\"{ISSUER}\"")),
                ("aud", format!("\"{AUDIENCE}\"")),
                ("exp", (NOW + 10).to_string()),
                ("iat", NOW.to_string()),
            ];
            let good = good.map(|(name, value)| (name.to_owned(), value));
            (good.to_vec(), changes)
        }
    };
    for (name, value) in changes.iter().take(MAX_CHANGES) {
        let name = match name {
            Name::Known(at) => KNOWN[usize::from(*at) % KNOWN.len()],
            Name::Other(name) => name,
        };
        let mut json = String::new();
        value.write(&mut json);
        // The first of a name replaces, a second one makes a duplicate.
        match members.iter_mut().find(|(known, _)| known == name) {
            Some(member) if matches!(input, Input::Changed(_)) => member.1 = json,
            _ => members.push((name.to_owned(), json)),
        }
    }
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
        .collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

fn accepted(json: &[u8]) -> bool {
    let expected = ClaimsExpected::new(ISSUER, AUDIENCE, UnixTime::from_secs(NOW))
        .with_skew(Duration::from_secs(SKEW));
    Claims::parse_unverified(json).is_ok_and(|claims| claims.check(&expected).is_ok())
}

/// The rules written down a second time, over another reader.
fn check_accepted(claims: &Map<String, Value>) {
    let date = |name: &str| {
        claims
            .get(name)
            .map(|value| value.as_u64().expect("a date is no number"))
    };
    assert_eq!(claims["iss"], ISSUER);
    match &claims["aud"] {
        Value::String(one) => assert_eq!(one, AUDIENCE),
        Value::Array(all) => {
            assert!((1..=MAX_AUDIENCES).contains(&all.len()));
            assert!(all.iter().all(Value::is_string));
            assert!(all.iter().any(|one| one == AUDIENCE));
        }
        other => panic!("aud: {other}"),
    }
    let (exp, iat) = (date("exp").unwrap(), date("iat").unwrap());
    assert!(exp <= MAX_NUMERIC_DATE && NOW < exp + SKEW, "exp");
    assert!(iat <= NOW + SKEW, "iat");
    assert!(date("nbf").is_none_or(|nbf| nbf <= NOW + SKEW), "nbf");
    for name in ["sub", "jti"] {
        assert!(claims.get(name).is_none_or(Value::is_string), "{name}");
    }
}

fuzz_target!(|input: Input<'_>| {
    let json = text(&input);
    let verdict = accepted(&json);
    // What another reader takes for one object; that one keeps the last of equal members.
    let Ok(Value::Object(claims)) = serde_json::from_slice(&json) else {
        assert!(!verdict, "accepted what is no object");
        return;
    };
    let single = Claims::parse_unverified(&json).is_ok();
    if verdict {
        check_accepted(&claims);
        for name in ["iss", "aud", "exp", "iat"] {
            let mut without = claims.clone();
            without.remove(name);
            let without = Value::Object(without).to_string();
            assert!(!accepted(without.as_bytes()), "accepted without {name}");
        }
        let repeated = String::from_utf8(json.clone()).unwrap();
        let repeated =
            repeated.trim_end().strip_suffix('}').unwrap().to_owned() + r#","exp":1800000010}"#;
        assert!(!accepted(repeated.as_bytes()), "accepted a repeated claim");
    }
    if single && !claims.contains_key("an-unknown-claim") {
        let mut more = claims;
        more.insert("an-unknown-claim".to_owned(), Value::from(vec![1, 2]));
        let more = Value::Object(more).to_string();
        assert_eq!(
            accepted(more.as_bytes()),
            verdict,
            "an unknown claim changed the verdict"
        );
    }
});
