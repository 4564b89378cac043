//! Writes every page with sample data into a folder, to look at templates without a running issuer:
//! `cargo run --example render_pages -- OUT [TEMPLATES]`.

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::Path;

use oidc_core::http::pages::{
    ChooserPage, ConnectorChoice, ConsentPage, ErrorPage, FormPostPage, HiddenField, HtmlPage,
    LoginPage, MinijinjaPages, Pages, ScopeLine, SignedInPage,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let out = arguments
        .next()
        .ok_or("usage: render_pages OUT [TEMPLATES]")?;
    let mut builder = MinijinjaPages::builder();
    if let Some(templates) = arguments.next() {
        builder = builder.with_template_dir(templates);
    }
    let pages = builder.build()?;
    std::fs::create_dir_all(&out)?;
    for (name, page) in samples(&pages)? {
        std::fs::write(Path::new(&out).join(format!("{name}.html")), page.html())?;
    }
    Ok(())
}

fn samples(pages: &dyn Pages) -> Result<Vec<(&'static str, HtmlPage)>, Box<dyn Error>> {
    let client = "Grafana";
    let user = "Zoë Müller-Łukasiewicz";
    let long =
        "Rechtsschutzversicherungsgesellschaften_und_noch_ein_sehr_langes_Wort_ohne_Trennung";
    let choices = vec![
        ConnectorChoice::new("ldap", "Company directory", "#ldap"),
        ConnectorChoice::new("local", "Local account", "#local"),
        ConnectorChoice::new("long", long, "#long"),
    ];
    let login = LoginPage::new(client, "Company directory", "User name", "#login");
    let mut failed = login.clone();
    (failed.username, failed.failed, failed.back_link) = ("zoe", true, Some("#back"));
    let scopes = [
        "openid",
        "profile",
        "email",
        "groups",
        "offline_access",
        "billing:read",
    ];
    let scopes = scopes.map(ScopeLine::new).to_vec();
    let mut error = ErrorPage::new(
        "This sign-in has expired",
        "You took longer than we can wait. Nothing is lost.",
        "7f3a-91c2",
    );
    error.retry_url = Some("#again");
    let mut signed_in = SignedInPage::new(user);
    (signed_in.client_name, signed_in.retry_url) = (Some(client), Some("#again"));
    let fields = vec![HiddenField::new("code", "sample")];
    Ok(vec![
        (
            "chooser",
            pages.chooser(&ChooserPage::new(client, choices))?,
        ),
        ("login", pages.login(&login)?),
        ("login_failed", pages.login(&failed)?),
        (
            "consent",
            pages.consent(&ConsentPage::new(client, user, scopes, "#consent"))?,
        ),
        ("error", pages.error(&error)?),
        ("signed_in", pages.signed_in(&signed_in)?),
        (
            "form_post",
            pages.form_post(&FormPostPage::new("https://client.test/callback", fields))?,
        ),
        (
            "long_names",
            pages.consent(&ConsentPage::new(
                long,
                long,
                vec![ScopeLine::new(long)],
                "#",
            ))?,
        ),
    ])
}
