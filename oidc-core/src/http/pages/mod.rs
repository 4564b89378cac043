//! What people see: chooser, login, consent, error, signed in, and the form that carries an answer.
//!
//! Core decides *which* page is due and fills one of the structs below; a [`Pages`] turns it into
//! HTML. [`MinijinjaPages`] (feature `pages`) is the default and takes templates of your own.
//!
//! Pages work without script. The one exception is [`FormPostPage`], whose few bytes of script
//! press the button that stands there anyway; they are named in its policy by their hash.

mod data;
mod html;
#[cfg(feature = "pages")]
mod minijinja;
#[cfg(test)]
mod tests;

use std::fmt::Debug;

pub use data::{
    ChooserPage, ConnectorChoice, ConsentPage, ErrorPage, FormPostPage, HiddenField, LoginPage,
    ScopeLine, SignedInPage, describe_scope,
};
pub use html::{ContentSecurityPolicy, HtmlPage, ReferrerPolicy};
#[cfg(feature = "pages")]
pub use minijinja::{MinijinjaPages, MinijinjaPagesBuilder, PagesError};

/// Turns what is to be said into HTML.
///
/// Implementers owe: every field is escaped for the place where it stands; `fields` become hidden
/// inputs of the form, which is sent by POST to `action` exactly as given; a page has a title and
/// a language. They may rely on: `action`, links and field names are made by core from the issuer
/// URL, never copied from a request; all other text may hold any characters.
///
/// Rendering is pure and quick (well under a millisecond): it runs on the server's own threads.
///
/// After a [`RenderError`] core sends a plain text of its own, so that a broken template never
/// shows half a page.
pub trait Pages: Debug + Send + Sync {
    /// The choice between several connectors.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when the template is broken.
    fn chooser(&self, page: &ChooserPage<'_>) -> Result<HtmlPage, RenderError>;

    /// The form for a user name and a password; again, with one fixed text, after a wrong one.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when the template is broken.
    fn login(&self, page: &LoginPage<'_>) -> Result<HtmlPage, RenderError>;

    /// The question whether the client may have what it asks for.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when the template is broken.
    fn consent(&self, page: &ConsentPage<'_>) -> Result<HtmlPage, RenderError>;

    /// Something cannot go on, and nobody can be told but the end user.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when the template is broken.
    fn error(&self, page: &ErrorPage<'_>) -> Result<HtmlPage, RenderError>;

    /// The end user is signed in and nothing is left to do here.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when the template is broken.
    fn signed_in(&self, page: &SignedInPage<'_>) -> Result<HtmlPage, RenderError>;

    /// A form that carries fields to another site by POST: `response_mode=form_post`, or a
    /// connector that asks for it.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when the template is broken.
    fn form_post(&self, page: &FormPostPage<'_>) -> Result<HtmlPage, RenderError>;
}

/// A page could not be made from its template.
///
/// The text names the template, the line and the kind of mistake, never the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the page cannot be rendered: {0}")]
pub struct RenderError(String);

impl RenderError {
    /// States what is wrong with the template. Keep the page's data out of it.
    #[must_use]
    pub fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}
