//! The default pages, from templates that an operator may replace one by one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::minijinja::value::{Serde, Value};
use ::minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::{
    ChooserPage, ConnectorChoice, ConsentPage, ContentSecurityPolicy, ErrorPage, FormPostPage,
    HiddenField, HtmlPage, LoginPage, Pages, ReferrerPolicy, RenderError, ScopeLine, SignedInPage,
};

/// Instructions that one page may take. The default chooser takes about 12 for each connector,
/// so this is enough for thousands, and stops a template that loops within a few milliseconds.
const FUEL: u64 = 100_000;

/// The largest template or style sheet that is taken, in bytes.
const MAX_TEMPLATE: usize = 256 * 1024;

const LAYOUT: &str = "layout.html";
const CHOOSER: &str = "chooser.html";
const LOGIN: &str = "login.html";
const CONSENT: &str = "consent.html";
const ERROR: &str = "error.html";
const SIGNED_IN: &str = "signed_in.html";
const FORM_POST: &str = "form_post.html";
const STYLE: &str = "style.css";

const DEFAULTS: [(&str, &str); 8] = [
    (LAYOUT, include_str!("../../../templates/layout.html")),
    (CHOOSER, include_str!("../../../templates/chooser.html")),
    (LOGIN, include_str!("../../../templates/login.html")),
    (CONSENT, include_str!("../../../templates/consent.html")),
    (ERROR, include_str!("../../../templates/error.html")),
    (SIGNED_IN, include_str!("../../../templates/signed_in.html")),
    (FORM_POST, include_str!("../../../templates/form_post.html")),
    (STYLE, include_str!("../../../templates/style.css")),
];

/// Presses the button of [`FormPostPage`]. The prototype's method is named in full, because a
/// hidden field called `submit` would stand in front of the form's own.
const SUBMIT: &str = "HTMLFormElement.prototype.submit.call(document.forms[0])";

/// [`Pages`] from minijinja templates: plain HTML and one style sheet inside the page.
///
/// Templates are named `layout.html`, `chooser.html`, `login.html`, `consent.html`, `error.html`,
/// `signed_in.html`, `form_post.html`; the style sheet is `style.css`. Each sees the fields of its
/// page struct, and `lang`, `style` and `script`. Everything is escaped for HTML. Whatever the
/// style sheet says is allowed by its hash; other styles, scripts, fonts and foreign pictures are
/// not, so put pictures into `data:` URLs.
#[derive(Debug)]
pub struct MinijinjaPages {
    environment: Environment<'static>,
    policy: ContentSecurityPolicy,
    form_post_policy: ContentSecurityPolicy,
}

/// Collects templates for [`MinijinjaPages`].
#[derive(Debug)]
pub struct MinijinjaPagesBuilder {
    lang: String,
    sources: BTreeMap<String, Cow<'static, str>>,
    directory: Option<PathBuf>,
}

/// A template cannot be used. Nothing starts with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PagesError {
    /// No page uses a template of that name.
    #[error("{name}: there is no such template; known are {known}", known = known_names())]
    UnknownTemplate {
        /// The name as given.
        name: String,
    },
    /// The folder or file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The template does not compile, or does not render with sample data.
    #[error("{name}: {problem}")]
    Invalid {
        /// The template's name.
        name: String,
        /// What is wrong with it, with the line where known.
        problem: String,
    },
}

fn known_names() -> String {
    DEFAULTS.map(|(name, _)| name).join(", ")
}

impl MinijinjaPages {
    /// The pages as they come, in English.
    ///
    /// # Errors
    ///
    /// [`PagesError`] never for the templates that come with this crate.
    pub fn new() -> Result<Self, PagesError> {
        Self::builder().build()
    }

    /// Starts from the pages as they come.
    #[must_use]
    pub fn builder() -> MinijinjaPagesBuilder {
        MinijinjaPagesBuilder {
            lang: "en".to_owned(),
            sources: DEFAULTS
                .into_iter()
                .map(|(name, text)| (name.to_owned(), Cow::Borrowed(text)))
                .collect(),
            directory: None,
        }
    }

    fn render<T: Serialize>(&self, name: &str, page: T) -> Result<HtmlPage, RenderError> {
        let html = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(Value::from(Serde(page))))
            .map_err(|error| RenderError(describe(&error)))?;
        let policy = if name == FORM_POST {
            &self.form_post_policy
        } else {
            &self.policy
        };
        Ok(HtmlPage::new(html, policy.clone()))
    }
}

/// The kind of a mistake and its place. The detail is left out when rendering, where it may quote
/// the page's data.
fn describe(error: &::minijinja::Error) -> String {
    let name = error.name().unwrap_or("template");
    match error.line() {
        Some(line) => format!("{name} line {line}: {}", error.kind()),
        None => format!("{name}: {}", error.kind()),
    }
}

impl Pages for MinijinjaPages {
    fn chooser(&self, page: &ChooserPage<'_>) -> Result<HtmlPage, RenderError> {
        self.render(CHOOSER, page)
    }

    fn login(&self, page: &LoginPage<'_>) -> Result<HtmlPage, RenderError> {
        self.render(LOGIN, page)
    }

    fn consent(&self, page: &ConsentPage<'_>) -> Result<HtmlPage, RenderError> {
        self.render(CONSENT, page)
    }

    fn error(&self, page: &ErrorPage<'_>) -> Result<HtmlPage, RenderError> {
        self.render(ERROR, page)
    }

    fn signed_in(&self, page: &SignedInPage<'_>) -> Result<HtmlPage, RenderError> {
        self.render(SIGNED_IN, page)
    }

    fn form_post(&self, page: &FormPostPage<'_>) -> Result<HtmlPage, RenderError> {
        let page = self.render(FORM_POST, page)?;
        Ok(page.with_referrer_policy(ReferrerPolicy::StrictOrigin))
    }
}

impl MinijinjaPagesBuilder {
    /// The language of the templates' own texts, as a BCP 47 tag. Default `en`.
    #[must_use]
    pub fn with_lang(mut self, lang: impl Into<String>) -> Self {
        self.lang = lang.into();
        self
    }

    /// Puts `source` in the place of the template (or style sheet) called `name`.
    #[must_use]
    pub fn with_template(mut self, name: impl Into<String>, source: impl Into<String>) -> Self {
        self.sources.insert(name.into(), Cow::Owned(source.into()));
        self
    }

    /// Reads every template that `directory` holds when the pages are built; the others stay as
    /// they are. Files whose name is not that of a template are not looked at.
    #[must_use]
    pub fn with_template_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Compiles the templates and renders each once with sample data, so that a misspelt name is
    /// found now and not by the first person who signs in.
    ///
    /// # Errors
    ///
    /// [`PagesError`] names the template or file and what is wrong.
    pub fn build(mut self) -> Result<MinijinjaPages, PagesError> {
        if let Some(directory) = self.directory.take() {
            read_directory(&directory, &mut self.sources)?;
        }
        for (name, source) in &self.sources {
            check_source(name, source)?;
        }
        let style = self.sources.remove(STYLE).unwrap_or_default().into_owned();
        let pages = MinijinjaPages {
            policy: ContentSecurityPolicy::new(&[&style], &[]),
            form_post_policy: ContentSecurityPolicy::new(&[&style], &[SUBMIT]),
            environment: environment(self.lang, style, self.sources)?,
        };
        check_samples(&pages)?;
        Ok(pages)
    }
}

fn environment(
    lang: String,
    style: String,
    sources: BTreeMap<String, Cow<'static, str>>,
) -> Result<Environment<'static>, PagesError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // Debug information quotes the values of variables, and errors are logged.
    environment.set_debug(false);
    environment.add_global("lang", lang);
    environment.add_global("style", style);
    environment.add_global("script", SUBMIT);
    for (name, source) in sources {
        environment
            .add_template_owned(name.clone(), source.into_owned())
            .map_err(|error| PagesError::Invalid {
                name,
                problem: error.to_string(),
            })?;
    }
    Ok(environment)
}

fn read_directory(
    directory: &Path,
    sources: &mut BTreeMap<String, Cow<'static, str>>,
) -> Result<(), PagesError> {
    let unreadable = |path: &Path, source| PagesError::Unreadable {
        path: path.to_owned(),
        source,
    };
    // A mistyped folder must not pass for one without templates.
    std::fs::read_dir(directory).map_err(|error| unreadable(directory, error))?;
    for (name, _) in DEFAULTS {
        let path = directory.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                sources.insert(name.to_owned(), Cow::Owned(text));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&path, error)),
        }
    }
    Ok(())
}

fn check_source(name: &str, source: &str) -> Result<(), PagesError> {
    let invalid = |problem: String| {
        Err(PagesError::Invalid {
            name: name.to_owned(),
            problem,
        })
    };
    if !DEFAULTS.iter().any(|(known, _)| *known == name) {
        return Err(PagesError::UnknownTemplate {
            name: name.to_owned(),
        });
    }
    if source.len() > MAX_TEMPLATE {
        return invalid(format!("larger than {MAX_TEMPLATE} bytes"));
    }
    // The sheet stands inside a style element, which these two characters alone can end.
    if name == STYLE && source.contains("</") {
        return invalid("a style sheet must not contain \"</\"".to_owned());
    }
    Ok(())
}

fn check_samples(pages: &MinijinjaPages) -> Result<(), PagesError> {
    for twice in [false, true] {
        for (name, rendered) in samples(pages, twice) {
            let invalid = |problem: String| PagesError::Invalid {
                name: name.to_owned(),
                problem,
            };
            let page = rendered.map_err(|error| invalid(error.to_string()))?;
            for needed in ["<html lang=\"", "<title>", "</title>"] {
                if !page.html().contains(needed) {
                    return Err(invalid(format!("the page has no {needed}")));
                }
            }
        }
    }
    Ok(())
}

type Sample = (&'static str, Result<HtmlPage, RenderError>);

/// Each page with sample data; `full` fills whatever may be left out.
fn samples(pages: &MinijinjaPages, full: bool) -> [Sample; 6] {
    let link = full.then_some("/sample");
    let fields = || vec![HiddenField::new("name", "value")];
    let choice = ConnectorChoice::new("sample", "Sample", "/sample");
    let mut login = LoginPage::new("Sample", "Sample", "User name", "/sample");
    (login.failed, login.fields, login.back_link) = (full, fields(), link);
    let scopes = vec![ScopeLine::new("openid"), ScopeLine::new("sample")];
    let mut consent = ConsentPage::new("Sample", "Sample", scopes, "/sample");
    consent.fields = fields();
    let mut error = ErrorPage::new("Sample", "Sample", "sample");
    error.retry_url = link;
    let mut signed_in = SignedInPage::new("Sample");
    (signed_in.client_name, signed_in.retry_url) = (full.then_some("Sample"), link);
    [
        (
            CHOOSER,
            pages.chooser(&ChooserPage::new("Sample", vec![choice])),
        ),
        (LOGIN, pages.login(&login)),
        (CONSENT, pages.consent(&consent)),
        (ERROR, pages.error(&error)),
        (SIGNED_IN, pages.signed_in(&signed_in)),
        (
            FORM_POST,
            pages.form_post(&FormPostPage::new("/sample", fields())),
        ),
    ]
}
