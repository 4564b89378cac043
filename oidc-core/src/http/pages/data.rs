//! The data of each page.

use std::fmt;

use serde::Serialize;

/// One input that the end user does not see: the flow's handle, a field of an answer.
///
/// `Debug` hides the value, because it may be an authorization code.
#[derive(Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct HiddenField<'a> {
    /// The name on the wire.
    pub name: &'a str,
    /// The value, unescaped.
    pub value: &'a str,
}

impl<'a> HiddenField<'a> {
    /// A field with its value.
    #[must_use]
    pub fn new(name: &'a str, value: &'a str) -> Self {
        Self { name, value }
    }
}

impl fmt::Debug for HiddenField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HiddenField({:?}, …)", self.name)
    }
}

/// The choice between connectors.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ChooserPage<'a> {
    /// The client that the end user is about to use.
    pub client_name: &'a str,
    /// What may be chosen, in the order to show it.
    pub connectors: Vec<ConnectorChoice<'a>>,
}

impl<'a> ChooserPage<'a> {
    /// A page that offers `connectors`.
    #[must_use]
    pub fn new(client_name: &'a str, connectors: Vec<ConnectorChoice<'a>>) -> Self {
        Self {
            client_name,
            connectors,
        }
    }
}

/// One connector to choose.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct ConnectorChoice<'a> {
    /// Its id, for templates that show an own picture.
    pub id: &'a str,
    /// Its name, as configured.
    pub name: &'a str,
    /// The link (GET) that opens it.
    pub action: &'a str,
}

impl<'a> ConnectorChoice<'a> {
    /// A connector and the link that opens it.
    #[must_use]
    pub fn new(id: &'a str, name: &'a str, action: &'a str) -> Self {
        Self { id, name, action }
    }
}

/// The form for user name and password; it posts `username`, `password` and the hidden fields.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct LoginPage<'a> {
    /// The client that the end user is about to use.
    pub client_name: &'a str,
    /// The connector's name, as configured.
    pub connector_name: &'a str,
    /// The label of the first field, such as `User name`.
    pub prompt: &'a str,
    /// What the end user typed before; empty at first.
    pub username: &'a str,
    /// Whether the last attempt failed. There is one text for every cause.
    pub failed: bool,
    /// Where the form is posted.
    pub action: &'a str,
    /// What the form carries along.
    pub fields: Vec<HiddenField<'a>>,
    /// The way back to the chooser, if there is a choice.
    pub back_link: Option<&'a str>,
}

impl<'a> LoginPage<'a> {
    /// A first, empty form.
    #[must_use]
    pub fn new(
        client_name: &'a str,
        connector_name: &'a str,
        prompt: &'a str,
        action: &'a str,
    ) -> Self {
        Self {
            client_name,
            connector_name,
            prompt,
            username: "",
            failed: false,
            action,
            fields: Vec::new(),
            back_link: None,
        }
    }
}

/// The question for consent; it posts `decision` (`approve` or `deny`) and the hidden fields.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ConsentPage<'a> {
    /// The client that asks.
    pub client_name: &'a str,
    /// Who is signed in.
    pub user_name: &'a str,
    /// What is asked for.
    pub scopes: Vec<ScopeLine<'a>>,
    /// Where the form is posted.
    pub action: &'a str,
    /// What the form carries along.
    pub fields: Vec<HiddenField<'a>>,
}

impl<'a> ConsentPage<'a> {
    /// A page that asks for `scopes`: the standard ones first, in the order of
    /// [`describe_scope`]'s list, then the others as given.
    #[must_use]
    pub fn new(
        client_name: &'a str,
        user_name: &'a str,
        mut scopes: Vec<ScopeLine<'a>>,
        action: &'a str,
    ) -> Self {
        scopes.sort_by_key(|scope| {
            let standard = STANDARD.iter();
            let place = standard.take_while(|(name, _)| *name != scope.name);
            place.count()
        });
        Self {
            client_name,
            user_name,
            scopes,
            action,
            fields: Vec::new(),
        }
    }
}

/// One thing that a client asks for.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct ScopeLine<'a> {
    /// The scope value on the wire.
    pub name: &'a str,
    /// What it means, to follow "the client can"; without it the page shows the name.
    pub text: Option<&'a str>,
}

impl<'a> ScopeLine<'a> {
    /// A scope with the text of [`describe_scope`].
    #[must_use]
    pub fn new(name: &'a str) -> Self {
        Self {
            name,
            text: describe_scope(name),
        }
    }
}

/// The standard scope values, in the order in which a person wants to read them.
const STANDARD: [(&str, &str); 5] = [
    ("openid", "Know who you are"),
    ("profile", "See your name and user name"),
    ("email", "See your email address"),
    ("groups", "See which groups you are in"),
    ("offline_access", "Keep this access while you are away"),
];

/// What a standard scope value means to an end user ([OpenID Connect Core section 5.4]).
///
/// [OpenID Connect Core section 5.4]: https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims
#[must_use]
pub fn describe_scope(name: &str) -> Option<&'static str> {
    let mut standard = STANDARD.into_iter();
    standard.find_map(|(known, text)| (known == name).then_some(text))
}

/// Something cannot go on.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ErrorPage<'a> {
    /// A few words; also the document's title.
    pub title: &'a str,
    /// One or two sentences. Never the internal cause.
    pub message: &'a str,
    /// What finds the cause in the log.
    pub correlation_id: &'a str,
    /// A link that opens a fresh login for the same client, if one can be made.
    pub retry_url: Option<&'a str>,
}

impl<'a> ErrorPage<'a> {
    /// A page without a link to start again.
    #[must_use]
    pub fn new(title: &'a str, message: &'a str, correlation_id: &'a str) -> Self {
        Self {
            title,
            message,
            correlation_id,
            retry_url: None,
        }
    }
}

/// The end user is signed in.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SignedInPage<'a> {
    /// Who is signed in.
    pub user_name: &'a str,
    /// The client whose sign-in is finished, if it was for one.
    pub client_name: Option<&'a str>,
    /// A link that opens a fresh login for the same client, if one can be made.
    pub retry_url: Option<&'a str>,
}

impl<'a> SignedInPage<'a> {
    /// A page that only says who is signed in.
    #[must_use]
    pub fn new(user_name: &'a str) -> Self {
        Self {
            user_name,
            client_name: None,
            retry_url: None,
        }
    }
}

/// A form that carries fields to another site
/// ([OAuth 2.0 Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html)).
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct FormPostPage<'a> {
    /// The checked redirect URI, or the connector's address.
    pub action: &'a str,
    /// What is posted.
    pub fields: Vec<HiddenField<'a>>,
}

impl<'a> FormPostPage<'a> {
    /// A form that posts `fields` to `action`.
    #[must_use]
    pub fn new(action: &'a str, fields: Vec<HiddenField<'a>>) -> Self {
        Self { action, fields }
    }
}
