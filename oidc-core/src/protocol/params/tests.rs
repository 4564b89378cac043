use proptest::prelude::*;

use super::*;

fn query(text: &str) -> Params {
    Params::from_query(text).unwrap()
}

/// OA-50: every repeated name is refused, equal or different, empty or not.
#[test]
fn repeated_parameter_is_refused() {
    for text in ["a=1&a=1", "a=1&a=2", "a=&a=1", "a=1&a", "a&a", "%61=1&a=2"] {
        assert_eq!(query(text).get("a"), Err(DuplicateParam("a")), "{text}");
    }
    assert_eq!(query("a=1&A=2").get("a"), Ok(Some("1")));
}

/// OA-50: a name in query and form counts as repeated.
#[test]
fn parameter_in_query_and_form_is_repeated() {
    let both = query("a=1")
        .and(Params::from_form(b"a=1").unwrap())
        .unwrap();
    assert_eq!(both.get("a"), Err(DuplicateParam("a")));
}

/// RFC 6749 section 3.1
#[test]
fn empty_value_counts_as_omitted() {
    for text in ["a=", "a", "", "b=1", "&&"] {
        assert_eq!(query(text).get("a"), Ok(None), "{text}");
    }
    assert!(query("a").has("a"));
}

/// OA-51: shapes that other readers interpret are plain names and values here.
#[test]
fn odd_shapes_are_not_interpreted() {
    let params = query("a[]=1&b.c=2&d=1;e=2&=nameless&f==g=&%5B=h&+=i");
    assert_eq!(params.get("a[]"), Ok(Some("1")));
    assert_eq!(params.get("a"), Ok(None));
    assert_eq!(params.get("b.c"), Ok(Some("2")));
    assert_eq!(params.get("d"), Ok(Some("1;e=2")));
    assert_eq!(params.get("e"), Ok(None));
    assert_eq!(params.get("f"), Ok(Some("=g=")));
    assert_eq!(params.get("["), Ok(Some("h")));
    assert_eq!(params.get(" "), Ok(Some("i")));
    assert!(!params.has(""));
}

/// OA-51
#[test]
fn undecodable_input_is_refused() {
    for text in ["a=%", "a=%4", "a=%zz", "%=1", "a=%+1", "a=% 41"] {
        assert_eq!(
            Params::from_query(text),
            Err(ParamsError::InvalidEscape),
            "{text}"
        );
    }
    for text in ["a=%ff", "%80=1", "a=%c0%af", "a=%ed%a0%80"] {
        assert_eq!(
            Params::from_query(text),
            Err(ParamsError::InvalidUtf8),
            "{text}"
        );
    }
    for text in ["a=%00", "a=b%00c", "%00=1", "a=\0"] {
        assert_eq!(Params::from_query(text), Err(ParamsError::Nul), "{text}");
    }
    assert_eq!(Params::from_form(b"a=\xff"), Err(ParamsError::InvalidUtf8));
}

/// Each limit holds at the bound and refuses one past it.
#[test]
fn limits_hold_at_the_bound_and_one_past_it() {
    let pairs = |count: usize| vec!["a=1"; count].join("&");
    assert!(Params::from_query(&pairs(MAX_PARAMETERS)).is_ok());
    let many = Params::from_query(&pairs(MAX_PARAMETERS + 1));
    assert_eq!(many, Err(ParamsError::TooManyParameters));
    // Pairs without a name cost as much as others.
    let nameless = Params::from_query(&"&".repeat(MAX_PARAMETERS));
    assert_eq!(nameless, Err(ParamsError::TooManyParameters));

    let named = |length: usize| format!("{}=1", "a".repeat(length));
    assert!(Params::from_query(&named(MAX_NAME_BYTES)).is_ok());
    let long = Params::from_query(&named(MAX_NAME_BYTES + 1));
    assert_eq!(long, Err(ParamsError::NameTooLong));

    let sized = |length: usize| format!("a={}", "b".repeat(length - 2));
    assert!(Params::from_query(&sized(MAX_QUERY_BYTES)).is_ok());
    let long = Params::from_query(&sized(MAX_QUERY_BYTES + 1));
    assert_eq!(long, Err(ParamsError::TooLong));
    assert!(Params::from_form(sized(MAX_FORM_BYTES).as_bytes()).is_ok());
    let long = Params::from_form(sized(MAX_FORM_BYTES + 1).as_bytes());
    assert_eq!(long, Err(ParamsError::TooLong));

    let half = || Params::from_query(&pairs(MAX_PARAMETERS / 2)).unwrap();
    assert!(half().and(half()).is_ok());
    let more = half().and(half()).unwrap().and(query("b=1"));
    assert_eq!(more, Err(ParamsError::TooManyParameters));
}

#[test]
fn added_pair_is_there_once_and_contradicts_another_value() {
    let once = query("id=a").with("id", "a");
    assert_eq!(once.get("id"), Ok(Some("a")));
    let twice = query("id=b").with("id", "a");
    assert_eq!(twice.get("id"), Err(DuplicateParam("id")));
}

#[test]
fn debug_shows_names_only() {
    let text = format!("{:?}", query("client_secret=hush"));
    assert_eq!(text, r#"["client_secret"]"#);
}

proptest! {
    /// OA-52: what is encoded comes back byte for byte.
    #[test]
    fn encoded_text_decodes_to_itself(text in "[^\0]{0,64}") {
        let mut encoded = String::new();
        encode_component(&text, &mut encoded);
        prop_assert!(encoded.bytes().all(|byte| byte == b'%' || byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
        prop_assert_eq!(decode_component(encoded.as_bytes()), Ok(text));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = Params::from_form(&bytes);
    }
}
