use proptest::prelude::*;

use super::*;

/// RFC 6749 section 3.3
#[test]
fn order_and_repetition_mean_nothing() {
    let scope = Scope::parse("openid email  openid").unwrap();
    assert_eq!(scope, Scope::parse("email openid").unwrap());
    assert_eq!(scope.to_string(), "email openid");
    assert_eq!(scope.len(), 2);
}

/// RFC 6749 section 3.3
#[test]
fn only_the_allowed_characters_pass() {
    for byte in 0..=127u8 {
        let text = char::from(byte).to_string();
        let allowed = matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert_eq!(ScopeToken::parse(text).is_ok(), allowed, "{byte:#x}");
    }
    for text in [
        "openid\temail",
        "openid\nemail",
        "openid\u{a0}email",
        "é",
        "a\"b",
        "a\\b",
    ] {
        assert_eq!(Scope::parse(text), Err(InvalidScope::Character), "{text}");
    }
}

#[test]
fn limits_hold_at_the_bound_and_one_past_it() {
    let tokens = |count: usize| {
        (0..count)
            .map(|n| format!("t{n}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        Scope::parse(&tokens(MAX_SCOPE_TOKENS)).unwrap().len(),
        MAX_SCOPE_TOKENS
    );
    assert_eq!(
        Scope::parse(&tokens(MAX_SCOPE_TOKENS + 1)),
        Err(InvalidScope::TooManyTokens)
    );
    let repeated = vec!["a"; MAX_SCOPE_TOKENS + 1].join(" ");
    assert_eq!(Scope::parse(&repeated), Err(InvalidScope::TooManyTokens));
    assert!(ScopeToken::parse("a".repeat(MAX_SCOPE_TOKEN_BYTES)).is_ok());
    let long = ScopeToken::parse("a".repeat(MAX_SCOPE_TOKEN_BYTES + 1));
    assert_eq!(long, Err(InvalidScope::TokenTooLong));
    let full = Scope::parse(&tokens(MAX_SCOPE_TOKENS)).unwrap();
    let more = full
        .iter()
        .cloned()
        .chain([ScopeToken::parse("more").unwrap()]);
    assert_eq!(Scope::from_tokens(more), Err(InvalidScope::TooManyTokens));
    assert_eq!(
        full.clone()
            .with_tokens([ScopeToken::parse("more").unwrap()]),
        full
    );
}

#[test]
fn subset_is_by_tokens() {
    let wide = Scope::parse("openid email").unwrap();
    assert!(Scope::parse("openid").unwrap().is_subset(&wide));
    assert!(!Scope::parse("openid groups").unwrap().is_subset(&wide));
    assert!(Scope::empty().is_subset(&wide));
}

proptest! {
    /// FZ-19: the normal form is a fixed point.
    #[test]
    fn normal_form_is_idempotent(text in "[ -~]{0,80}") {
        if let Ok(scope) = Scope::parse(&text) {
            let normal = scope.to_string();
            prop_assert_eq!(&Scope::parse(&normal).unwrap(), &scope);
            prop_assert_eq!(Scope::parse(&normal).unwrap().to_string(), normal);
        }
    }
}
