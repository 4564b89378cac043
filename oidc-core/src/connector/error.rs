//! Why a connector could not answer.

/// The question could not be answered. The end user sees one fixed text; these are for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectorError {
    /// The connector's own settings are wrong: somebody here has to act.
    #[error("connector misconfigured: {0}")]
    Misconfigured(String),
    /// The upstream did not answer in time or cannot be reached; trying again may help.
    #[error("upstream unavailable: {0}")]
    Unavailable(String),
    /// The upstream, or the user agent on its behalf, answered something unusable.
    #[error("bad answer: {0}")]
    BadAnswer(String),
}
