//! FZ-36: whatever stands in a page's fields, an HTML parser finds the elements and attributes of the template and
//! no other, and reads each text and value back as it was given.

#![no_main]

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_core::http::pages::{
    ChooserPage, ConnectorChoice, ConsentPage, ErrorPage, FormPostPage, HiddenField, HtmlPage,
    LoginPage, MinijinjaPages, Pages, ScopeLine, SignedInPage,
};
use scraper::{Html, Node};

/// Without the style sheet, which no field reaches: parsing it again and again took most of the time.
static PAGES: LazyLock<MinijinjaPages> = LazyLock::new(|| {
    let pages = MinijinjaPages::builder()
        .with_template("style.css", "")
        .build();
    pages.expect("our own templates are sound")
});

/// The skeletons of pages with harmless text, by what decides on the structure.
static EXPECTED: LazyLock<Mutex<HashMap<Shape, Vec<String>>>> = LazyLock::new(Mutex::default);

type Shape = (u8, [bool; 3], u8);

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    page: u8,
    texts: [&'a str; 5],
    flags: [bool; 3],
    repeated: u8,
}

/// Attributes whose value comes from the data.
const FROM_DATA: [&str; 4] = ["value", "name", "href", "action"];

fuzz_target!(|input: Input<'_>| {
    let rendered = render(&input, &input.texts);
    let found = Html::parse_document(rendered.html());
    let shape = (input.page % 6, input.flags, input.repeated % 4);
    let mut known = EXPECTED.lock().expect("nothing panics while it is held");
    let expected = known.entry(shape).or_insert_with(|| {
        let plain = render(&input, &["a", "b", "c", "d", "e"]);
        skeleton(&Html::parse_document(plain.html()))
    });
    let found_skeleton = skeleton(&found);
    let same = found_skeleton == *expected;
    drop(known);
    assert!(same, "another structure: {found_skeleton:?}");
    let data = data(&found);
    for text in used(&input) {
        let text = as_parsed(text);
        assert!(
            data.iter().any(|value| value.contains(&text)),
            "{text:?} is not in {data:?}"
        );
    }
});

fn render(input: &Input<'_>, texts: &[&str; 5]) -> HtmlPage {
    let [a, b, c, d, e] = *texts;
    let [failed, link, other] = input.flags;
    let repeated = usize::from(input.repeated % 4);
    let fields = || vec![HiddenField::new(a, b); repeated];
    let page = match input.page % 6 {
        0 => PAGES.chooser(&ChooserPage::new(
            a,
            vec![ConnectorChoice::new(b, c, d); repeated],
        )),
        1 => {
            let mut page = LoginPage::new(a, b, c, d);
            (page.username, page.failed, page.fields) = (e, failed, fields());
            // An empty link is as good as none; the flag alone decides here.
            page.back_link = link.then_some("/back");
            PAGES.login(&page)
        }
        2 => {
            let mut scopes = vec![ScopeLine::new("openid")];
            let mut unknown = ScopeLine::new("own");
            unknown.name = c;
            scopes.extend(vec![unknown; repeated]);
            let mut page = ConsentPage::new(a, b, scopes, d);
            page.fields = fields();
            PAGES.consent(&page)
        }
        3 => {
            let mut page = ErrorPage::new(a, b, c);
            page.retry_url = link.then_some("/again");
            PAGES.error(&page)
        }
        4 => {
            let mut page = SignedInPage::new(a);
            page.client_name = other.then_some("Client");
            page.retry_url = link.then_some("/again");
            PAGES.signed_in(&page)
        }
        _ => PAGES.form_post(&FormPostPage::new(d, fields())),
    };
    page.expect("our own templates render any text")
}

/// The texts that `render` puts on the page whatever the flags.
fn used<'a>(input: &Input<'a>) -> Vec<&'a str> {
    let [a, b, c, d, e] = input.texts;
    match input.page % 6 {
        0 if input.repeated % 4 > 0 => vec![a, c, d],
        0 | 4 => vec![a],
        1 => vec![a, b, c, d, e],
        2 => vec![a, b, d],
        3 => vec![a, b, c],
        _ => vec![d],
    }
}

/// Elements with depth, attribute names, and the values that the template alone decides.
fn skeleton(html: &Html) -> Vec<String> {
    html.tree
        .nodes()
        .filter_map(|node| {
            let depth = node.ancestors().count();
            match node.value() {
                Node::Element(element) => {
                    let mut attributes: Vec<_> = element
                        .attrs()
                        .map(|(name, value)| {
                            let value = if FROM_DATA.contains(&name) { "" } else { value };
                            format!("{name}={value:?}")
                        })
                        .collect();
                    attributes.sort();
                    Some(format!(
                        "{depth} {} {}",
                        element.name(),
                        attributes.join(" ")
                    ))
                }
                Node::Comment(_) | Node::ProcessingInstruction(_) => {
                    Some(format!("{depth} comment"))
                }
                _ => None,
            }
        })
        .collect()
}

/// Every text and attribute value of the document, as the parser reads it.
fn data(html: &Html) -> Vec<String> {
    let mut data = Vec::new();
    for node in html.tree.nodes() {
        match node.value() {
            Node::Text(text) => data.push(as_parsed(text)),
            Node::Element(element) => {
                data.extend(element.attrs().map(|(_, value)| as_parsed(value)))
            }
            _ => {}
        }
    }
    data
}

/// Without the characters that an HTML parser is told to drop or replace: NUL and carriage returns.
fn as_parsed(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(['\0', '\u{fffd}', '\r', '\n'], "")
}
