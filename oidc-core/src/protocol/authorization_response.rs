//! The authorization response ([RFC 6749 section 4.1.2], [RFC 9207]).
//!
//! [RFC 6749 section 4.1.2]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
//! [RFC 9207]: https://www.rfc-editor.org/rfc/rfc9207

use std::fmt;

use super::{
    error_code::ErrorCode, identifier::IssuerUrl, params::encode_component,
    redirect_uri::MatchedRedirectUri, response_mode::ResponseMode, state::StateParam,
};

/// An answer that goes to the client through the user agent; `iss` is always in it.
///
/// `Debug` prints the names of the parameters, since the code is among them.
#[derive(Clone, Eq, PartialEq)]
pub struct AuthorizationResponse {
    redirect_uri: MatchedRedirectUri,
    response_mode: ResponseMode,
    params: Vec<(&'static str, String)>,
}

impl AuthorizationResponse {
    /// Answers with an authorization code.
    #[must_use]
    pub fn success(
        redirect_uri: &MatchedRedirectUri,
        response_mode: ResponseMode,
        code: &str,
        state: Option<&StateParam>,
        iss: &IssuerUrl,
    ) -> Self {
        Self {
            redirect_uri: redirect_uri.clone(),
            response_mode,
            params: vec![("code", code.to_owned())],
        }
        .finish(state, iss)
    }

    /// Answers with an error; `description` is a fixed text of ours, never the request's.
    #[must_use]
    pub fn error(
        redirect_uri: &MatchedRedirectUri,
        response_mode: ResponseMode,
        error: (ErrorCode, &'static str),
        state: Option<&StateParam>,
        iss: &IssuerUrl,
    ) -> Self {
        let (code, description) = error;
        let mut params = vec![("error", code.as_str().to_owned())];
        if !description.is_empty() {
            params.push(("error_description", description.to_owned()));
        }
        Self {
            redirect_uri: redirect_uri.clone(),
            response_mode,
            params,
        }
        .finish(state, iss)
    }

    fn finish(mut self, state: Option<&StateParam>, iss: &IssuerUrl) -> Self {
        if let Some(state) = state {
            self.params.push(("state", state.as_str().to_owned()));
        }
        self.params.push(("iss", iss.as_str().to_owned()));
        self
    }

    /// The registered bytes: what a form is posted to.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        self.redirect_uri.as_str()
    }

    /// How the answer travels.
    #[must_use]
    pub const fn response_mode(&self) -> ResponseMode {
        self.response_mode
    }

    /// The parameters in order, not escaped.
    #[must_use]
    pub fn params(&self) -> &[(&'static str, String)] {
        &self.params
    }

    /// Where the user agent goes: the registered bytes with the parameters appended.
    ///
    /// In [`ResponseMode::FormPost`] it is the target of the form: the registered bytes alone.
    #[must_use]
    pub fn location(&self) -> String {
        let mut location = self.redirect_uri.as_str().to_owned();
        match self.response_mode {
            ResponseMode::FormPost => return location,
            ResponseMode::Fragment => location.push('#'),
            ResponseMode::Query => match location.split_once('?') {
                None => location.push('?'),
                Some((_, query)) if query.is_empty() || query.ends_with('&') => {}
                Some(_) => location.push('&'),
            },
        }
        for (index, (name, value)) in self.params.iter().enumerate() {
            if index > 0 {
                location.push('&');
            }
            location.push_str(name);
            location.push('=');
            encode_component(value, &mut location);
        }
        location
    }

    /// The fields to post in [`ResponseMode::FormPost`], not escaped; else none.
    #[must_use]
    pub fn form_fields(&self) -> Vec<(&str, &str)> {
        match self.response_mode {
            ResponseMode::FormPost => self.params.iter().map(|(n, v)| (*n, v.as_str())).collect(),
            ResponseMode::Query | ResponseMode::Fragment => Vec::new(),
        }
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.params.iter().map(|(name, _)| name).collect();
        f.debug_struct("AuthorizationResponse")
            .field("redirect_uri", &self.redirect_uri)
            .field("response_mode", &self.response_mode)
            .field("params", &names)
            .finish()
    }
}

#[cfg(test)]
mod tests;
