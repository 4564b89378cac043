use super::*;

/// Strings that end an attribute, an element, a script or a line in some reader's eyes.
const HOSTILE: [&str; 12] = [
    "\"",
    "'",
    "<script>alert(1)</script>",
    "</form><form action=https://evil.test>",
    "\" autofocus onfocus=\"alert(1)",
    "' onfocus='alert(1)",
    "</title></style><img src=x onerror=alert(1)>",
    "]]>--><!--",
    "a\u{2028}b\u{2029}c",
    "{{ 7*7 }}{% raw %}",
    "\0\u{8}\u{feff}\u{202e}",
    "&quot;&#x22;&lt;",
];

/// The tags of a document, with attribute names and without any value or text.
fn skeleton(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let mut tag = String::new();
        let mut quoted = false;
        let mut end = rest.len();
        for (at, c) in rest[start..].char_indices() {
            match c {
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = start + at + 1;
                    break;
                }
                c if !quoted => tag.push(c),
                _ => {}
            }
        }
        tags.push(tag);
        rest = &rest[end..];
    }
    tags
}

#[cfg(feature = "pages")]
mod default_pages {
    use super::*;

    fn pages() -> MinijinjaPages {
        MinijinjaPages::new().unwrap()
    }

    /// Every page with `text` in every field that may hold any characters.
    fn all(pages: &dyn Pages, text: &str) -> Vec<(&'static str, HtmlPage)> {
        let fields = || {
            vec![
                HiddenField::new("state", text),
                HiddenField::new("code", text),
            ]
        };
        let choice = |id| ConnectorChoice::new(id, text, "/auth/x");
        let mut login = LoginPage::new(text, text, text, "/login");
        (login.username, login.failed, login.fields) = (text, true, fields());
        login.back_link = Some("/back");
        let scopes = vec![ScopeLine::new("openid"), ScopeLine::new(text)];
        let mut consent = ConsentPage::new(text, text, scopes, "/approval");
        consent.fields = fields();
        let mut error = ErrorPage::new(text, text, text);
        error.retry_url = Some(text);
        let mut signed_in = SignedInPage::new(text);
        (signed_in.client_name, signed_in.retry_url) = (Some(text), Some("/again"));
        vec![
            (
                "chooser",
                pages
                    .chooser(&ChooserPage::new(text, vec![choice("a"), choice("b")]))
                    .unwrap(),
            ),
            ("login", pages.login(&login).unwrap()),
            ("consent", pages.consent(&consent).unwrap()),
            ("error", pages.error(&error).unwrap()),
            ("signed in", pages.signed_in(&signed_in).unwrap()),
            (
                "form post",
                pages.form_post(&FormPostPage::new(text, fields())).unwrap(),
            ),
        ]
    }

    #[test]
    fn no_text_changes_the_structure_of_a_page() {
        let pages = pages();
        let plain = all(&pages, "plain");
        for text in HOSTILE {
            for ((name, expected), (_, page)) in plain.iter().zip(all(&pages, text)) {
                assert_eq!(
                    skeleton(page.html()),
                    skeleton(expected.html()),
                    "{name} with {text:?}"
                );
            }
        }
    }

    #[test]
    fn no_text_is_read_as_a_template() {
        for (name, page) in all(&pages(), "{{ 7*7 }}") {
            assert!(!page.html().contains("49"), "{name}");
            assert!(page.html().contains("{{ 7*7 }}"), "{name}");
        }
    }

    #[test]
    fn every_page_has_one_heading_a_title_a_language_and_a_main_landmark() {
        for (name, page) in all(&pages(), "Portal") {
            let html = page.html();
            for once in [
                "<html lang=\"en\">",
                "<title>",
                "<main>",
                "<h1>",
                "name=\"viewport\"",
            ] {
                assert_eq!(html.matches(once).count(), 1, "{once} in {name}");
            }
            assert!(!html.contains("<title></title>"), "{name}");
        }
    }

    #[test]
    fn no_page_has_script_except_the_posted_form() {
        for (name, page) in all(&pages(), "x") {
            let expected = usize::from(name == "form post");
            assert_eq!(page.html().matches("<script").count(), expected, "{name}");
            let [.., (_, policy), _, _, _] = page.headers();
            assert_eq!(
                policy.matches("script-src 'sha256-").count(),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn the_policy_names_the_style_of_the_page_and_sets_no_form_action() {
        use base64ct::{Base64, Encoding};
        use sha2::{Digest, Sha256};

        for (name, page) in all(&pages(), "x") {
            let (_, after) = page.html().split_once("<style>").unwrap();
            let (style, _) = after.split_once("</style>").unwrap();
            let hash = Base64::encode_string(&Sha256::digest(style));
            let policy = page.headers()[2].1;
            assert!(
                policy.contains(&format!("default-src 'none'; style-src 'sha256-{hash}'")),
                "{name}"
            );
            assert!(
                policy.ends_with("; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"),
                "{name}"
            );
            assert!(
                !policy.contains("form-action") && !policy.contains("unsafe"),
                "{name}"
            );
        }
    }

    #[test]
    fn pages_are_not_kept_not_framed_not_sniffed_and_tell_no_referrer() {
        for (name, page) in all(&pages(), "x") {
            let headers = page.headers();
            let referrer = if name == "form post" {
                "strict-origin"
            } else {
                "same-origin"
            };
            for expected in [
                ("content-type", "text/html; charset=utf-8"),
                ("cache-control", "no-store"),
                ("referrer-policy", referrer),
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
            ] {
                assert!(headers.contains(&expected), "{expected:?} in {name}");
            }
        }
    }

    #[test]
    fn a_failed_login_says_one_fixed_text_tied_to_both_fields() {
        let mut page = LoginPage::new("Portal", "Directory", "User name", "/login");
        assert!(
            !pages()
                .login(&page)
                .unwrap()
                .html()
                .contains("role=\"alert\"")
        );
        (page.failed, page.username) = (true, "zoe");
        let html = pages().login(&page).unwrap().into_html();
        assert!(
            html.contains("id=\"problem\" role=\"alert\">Your user name or password is wrong.</p>"),
            "{html}"
        );
        assert_eq!(html.matches("aria-describedby=\"problem\"").count(), 2);
        assert!(html.contains("value=\"zoe\""));
        assert!(
            html.contains("autocomplete=\"username\"")
                && html.contains("autocomplete=\"current-password\"")
        );
    }

    #[test]
    fn debug_of_a_page_hides_the_values_it_carries() {
        let page = FormPostPage::new(
            "https://rp.test/cb",
            vec![HiddenField::new("code", "s3cret")],
        );
        assert!(!format!("{page:?}").contains("s3cret"));
        assert!(!format!("{:?}", pages().form_post(&page).unwrap()).contains("s3cret"));
    }

    #[test]
    fn an_own_template_takes_the_place_of_the_default() {
        let pages = MinijinjaPages::builder()
            .with_lang("de")
            .with_template("style.css", "body { color: #123 }")
            .with_template(
                "error.html",
                "<html lang=\"{{ lang }}\"><title>{{ title }}</title><style>{{ style|safe }}</style>{{ message }}",
            )
            .build()
            .unwrap();
        let page = pages.error(&ErrorPage::new("T", "<M>", "1")).unwrap();
        assert_eq!(
            page.html(),
            "<html lang=\"de\"><title>T</title><style>body { color: #123 }</style>&lt;M&gt;"
        );
        let expected = ContentSecurityPolicy::new(&["body { color: #123 }"], &[]);
        assert_eq!(page.headers()[2].1, expected.as_str());
    }

    #[test]
    fn templates_are_read_from_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("style.css"), "p{}").unwrap();
        std::fs::write(folder.path().join("unrelated.txt"), "{{").unwrap();
        let pages = MinijinjaPages::builder()
            .with_template_dir(folder.path())
            .build()
            .unwrap();
        let page = pages.error(&ErrorPage::new("T", "M", "1")).unwrap();
        assert!(page.html().contains("<style>p{}</style>"));
        let missing = folder.path().join("missing");
        assert!(matches!(
            MinijinjaPages::builder().with_template_dir(missing).build(),
            Err(PagesError::Unreadable { .. })
        ));
    }

    #[test]
    fn a_broken_template_is_found_when_the_pages_are_built() {
        let refused = |name: &str, source: &str| {
            let built = MinijinjaPages::builder()
                .with_template(name, source)
                .build();
            built.unwrap_err().to_string()
        };
        let page = |body: &str| format!("<html lang=\"en\"><title>T</title>{body}");
        assert!(refused("login.html", "{% if %}").contains("login.html"));
        assert!(refused("login.html", &page("{{ clientname }}")).contains("undefined"));
        assert!(refused("error.html", "<html lang=\"en\"><p>no title").contains("<title>"));
        assert!(refused("error.html", "<html><title>T</title>").contains("lang"));
        assert!(
            refused(
                "error.html",
                &page(
                    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"
                )
            )
            .contains("fuel")
        );
        assert!(refused("logn.html", "").contains("known are layout.html, chooser.html"));
        assert!(refused("style.css", "p{}</style>").contains("</"));
    }

    #[test]
    fn a_template_of_exactly_the_limit_is_taken_and_one_more_byte_is_not() {
        let sheet = |size: usize| {
            MinijinjaPages::builder()
                .with_template("style.css", " ".repeat(size))
                .build()
        };
        assert!(sheet(256 * 1024).is_ok());
        assert!(matches!(
            sheet(256 * 1024 + 1),
            Err(PagesError::Invalid { .. })
        ));
    }

    #[test]
    fn a_chooser_of_a_thousand_connectors_is_within_the_fuel() {
        let choices = vec![ConnectorChoice::new("id", "name", "/x"); 1_000];
        let page = pages()
            .chooser(&ChooserPage::new("Portal", choices))
            .unwrap();
        assert_eq!(page.html().matches("<li>").count(), 1_000);
    }
}

#[test]
fn consent_asks_for_the_identity_first_and_for_own_scopes_last() {
    let scopes = ["b:own", "email", "a:own", "offline_access", "openid"].map(ScopeLine::new);
    let page = ConsentPage::new("Portal", "Zoe", scopes.to_vec(), "/approval");
    let names: Vec<_> = page.scopes.iter().map(|scope| scope.name).collect();
    assert_eq!(
        names,
        ["openid", "email", "offline_access", "b:own", "a:own"]
    );
}

#[test]
fn the_skeleton_check_sees_an_added_attribute() {
    assert_ne!(
        skeleton("<a href=\"x\">"),
        skeleton("<a href=\"x\" on=\"y\">")
    );
    assert_ne!(skeleton("<p>x</p>"), skeleton("<p><b></p>"));
    assert_eq!(
        skeleton("<p title=\"<b>\">x</p>"),
        skeleton("<p title=\"\">y</p>")
    );
}
