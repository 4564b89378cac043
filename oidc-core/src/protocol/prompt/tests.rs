use super::*;

/// OIDC Core section 3.1.2.1
#[test]
fn none_stands_alone() {
    assert!(PromptSet::parse("none").unwrap().contains(Prompt::None));
    for text in ["none login", "login none", "consent none select_account"] {
        assert_eq!(PromptSet::parse(text), Err(InvalidPrompt), "{text}");
    }
}

#[test]
fn values_form_a_set() {
    let set = PromptSet::parse("login consent").unwrap();
    assert_eq!(set, PromptSet::parse("consent login").unwrap());
    assert!(set.contains(Prompt::Login) && set.contains(Prompt::Consent));
    assert!(!set.contains(Prompt::None) && !set.contains(Prompt::SelectAccount));
}

#[test]
fn unknown_repeated_or_ill_separated_values_are_refused() {
    for text in [
        "",
        " ",
        "Login",
        "create",
        "login login",
        "login  consent",
        " login",
        "login ",
    ] {
        assert_eq!(PromptSet::parse(text), Err(InvalidPrompt), "{text:?}");
    }
    let endless = "login ".repeat(10_000);
    assert_eq!(PromptSet::parse(&endless), Err(InvalidPrompt));
}

/// FZ-19
#[test]
fn normal_form_is_idempotent() {
    for text in [
        "none",
        "login",
        "consent login",
        "select_account consent login",
    ] {
        let set = PromptSet::parse(text).unwrap();
        let normal = String::from(set);
        assert_eq!(PromptSet::parse(&normal), Ok(set));
    }
    assert_eq!(PromptSet::try_from(String::new()), Ok(PromptSet::default()));
}
