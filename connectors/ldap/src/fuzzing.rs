//! The parsers behind the connector, and a connection below the client library.

use crate::{
    LdapConfig, LdapConfigError,
    search::{Bound, judge_bind},
    settings::{Settings, TlsMode},
    transport::{TransportError, negotiate, relay},
};

pub use crate::{ber::*, groups::*, guard::*, message::*, transport::Wire};

/// How connections are protected, from settings.
#[derive(Debug)]
pub struct Protection(TlsMode);

impl Protection {
    /// Reads it from settings.
    ///
    /// # Errors
    ///
    /// [`LdapConfigError`] with all problems of the settings.
    pub fn new(config: LdapConfig) -> Result<Self, LdapConfigError> {
        Settings::parse(config).map(|settings| Self(settings.tls))
    }

    /// What the connector does between connecting and closing: TLS first, then the guard between
    /// the wire and the client library. Ends when one side does.
    ///
    /// # Errors
    ///
    /// Why it ended, unless a side just closed.
    pub async fn carry<W, L>(&self, wire: W, library: L) -> Result<(), String>
    where
        W: Wire + 'static,
        L: Wire,
    {
        let tell = |error: TransportError| error.to_string();
        let wire = negotiate(wire, &self.0).await.map_err(tell)?;
        match relay(wire, library).await {
            Ok(()) | Err(None) => Ok(()),
            Err(Some(error)) => Err(error.to_string()),
        }
    }
}

/// Whether the connector takes this message, which the guard let through, as proof of a password.
#[must_use]
pub fn proves_password(message: &ServerMessage) -> bool {
    let ServerOperation::Bind(result) = &message.operation else {
        return false;
    };
    let controls = message.controls.iter();
    let controls = controls.map(|control| (control.oid.as_str(), control.value.as_deref()));
    judge_bind(result.code, &result.referrals, controls) == Bound::Yes
}
