//! The claims of a JSON Web Token ([RFC 7519]), read strictly.
//!
//! A claim of the wrong type refuses the token: it is never taken for absent.
//!
//! [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519

use std::{fmt, time::Duration};

use serde_json::{Map, Value};

use super::{
    ExpectedType, JwsRefusal, VerificationKeys, VerifiedJws,
    json::{self, JsonRefusal},
    verify,
};
use crate::clock::UnixTime;

/// Most members of an `aud` array.
pub const MAX_AUDIENCES: usize = 64;

/// Latest date that is read: the last second of the year 9999.
pub const MAX_NUMERIC_DATE: u64 = 253_402_300_799;

/// Why claims do not count.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsRefusal {
    /// The payload is not an acceptable JSON object.
    #[error("claims: {0}")]
    Json(#[from] JsonRefusal),
    /// A required claim is absent.
    #[error("claim {0} is missing")]
    Missing(&'static str),
    /// A claim has the wrong type or is out of range.
    #[error("claim {0} is malformed")]
    Malformed(&'static str),
    /// The token is another issuer's.
    #[error("the token is of another issuer")]
    Issuer,
    /// The token is for others.
    #[error("the token is for another audience")]
    Audience,
    /// The token's time is over.
    #[error("the token has expired")]
    Expired,
    /// The token says that it was issued in the future.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// The token's time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
}

/// Why a JSON Web Token does not count.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtRefusal {
    /// The signature or the header.
    #[error(transparent)]
    Jws(#[from] JwsRefusal),
    /// The claims.
    #[error(transparent)]
    Claims(#[from] ClaimsRefusal),
}

/// What the registered claims of a token are compared with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ClaimsExpected<'a> {
    /// The one issuer, compared as an exact string.
    pub issuer: &'a str,
    /// The audience that must be among the token's.
    pub audience: &'a str,
    /// The present time.
    pub now: UnixTime,
    /// How far the other party's clock may be off. Default 60 s.
    pub skew: Duration,
    iat: Presence,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Presence {
    Required,
    Optional,
}

impl<'a> ClaimsExpected<'a> {
    /// This issuer, this audience, at this time, with a skew of 60 s; `iat` must be there.
    #[must_use]
    pub const fn new(issuer: &'a str, audience: &'a str, now: UnixTime) -> Self {
        Self {
            issuer,
            audience,
            now,
            skew: Duration::from_secs(60),
            iat: Presence::Required,
        }
    }

    /// The same with another skew.
    #[must_use]
    pub const fn with_skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// The same where `iat` may be absent, as in assertions ([RFC 7523 section 3]).
    ///
    /// [RFC 7523 section 3]: https://www.rfc-editor.org/rfc/rfc7523#section-3
    #[must_use]
    pub const fn with_optional_iat(mut self) -> Self {
        self.iat = Presence::Optional;
        self
    }
}

/// Claims read from JSON in which every member stands once.
#[derive(Clone)]
pub struct Claims {
    members: Map<String, Value>,
}

impl fmt::Debug for Claims {
    // Names only: values say who the end user is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.members.keys()).finish()
    }
}

impl Claims {
    /// The claims of a verified token.
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal::Json`] if the payload is not a strict JSON object.
    pub fn of(jws: &VerifiedJws) -> Result<Self, ClaimsRefusal> {
        Self::parse_unverified(jws.payload())
    }

    /// Claims that came without a signature over them, for example from a UserInfo response.
    ///
    /// # Security
    ///
    /// Nothing vouches for what is read here; take the claims of a token from [`Self::of`].
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal::Json`] if the bytes are not a strict JSON object.
    pub fn parse_unverified(json: &[u8]) -> Result<Self, ClaimsRefusal> {
        Ok(Self {
            members: json::parse_object(json)?,
        })
    }

    /// A claim as it stands.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// All claims.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// A claim that must be text where it stands.
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal::Malformed`] if it is anything else.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, ClaimsRefusal> {
        match self.members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ClaimsRefusal::Malformed(name)),
        }
    }

    /// A claim that must be there, as text of at least one character.
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal::Missing`] or [`ClaimsRefusal::Malformed`].
    pub fn required_text(&self, name: &'static str) -> Result<&str, ClaimsRefusal> {
        match self.text(name)? {
            None => Err(ClaimsRefusal::Missing(name)),
            Some("") => Err(ClaimsRefusal::Malformed(name)),
            Some(text) => Ok(text),
        }
    }

    /// A claim that must be a date where it stands: a whole number up to [`MAX_NUMERIC_DATE`].
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal::Malformed`] for text, fractions, negative numbers and all else.
    pub fn time(&self, name: &'static str) -> Result<Option<UnixTime>, ClaimsRefusal> {
        let Some(value) = self.members.get(name) else {
            return Ok(None);
        };
        value
            .as_u64()
            .filter(|secs| *secs <= MAX_NUMERIC_DATE)
            .map(|secs| Some(UnixTime::from_secs(secs)))
            .ok_or(ClaimsRefusal::Malformed(name))
    }

    /// A date that must be there.
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal::Missing`], or as [`Self::time`].
    pub fn required_time(&self, name: &'static str) -> Result<UnixTime, ClaimsRefusal> {
        self.time(name)?.ok_or(ClaimsRefusal::Missing(name))
    }

    /// `aud` ([RFC 7519 section 4.1.3]): one text, or an array of 1 to [`MAX_AUDIENCES`] texts.
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal::Missing`] or [`ClaimsRefusal::Malformed`].
    ///
    /// [RFC 7519 section 4.1.3]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3
    pub fn audience(&self) -> Result<Vec<&str>, ClaimsRefusal> {
        match self.members.get("aud") {
            None => Err(ClaimsRefusal::Missing("aud")),
            Some(Value::String(one)) => Ok(vec![one]),
            Some(Value::Array(all)) if (1..=MAX_AUDIENCES).contains(&all.len()) => all
                .iter()
                .map(|one| one.as_str().ok_or(ClaimsRefusal::Malformed("aud")))
                .collect(),
            Some(_) => Err(ClaimsRefusal::Malformed("aud")),
        }
    }

    /// Compares issuer, audience and times with what is expected.
    ///
    /// `sub` and `jti` need not be there, but are text where they stand.
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal`] names the first check that failed.
    pub fn check(&self, expected: &ClaimsExpected<'_>) -> Result<(), ClaimsRefusal> {
        self.check_issuer(expected.issuer)?;
        self.check_audience(expected.audience)?;
        self.check_expiry(expected.now, expected.skew)?;
        self.check_issued_at(expected)?;
        self.check_not_before(expected.now, expected.skew)?;
        self.text("sub")?;
        self.text("jti")?;
        Ok(())
    }

    /// `iss` is exactly this text.
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal`] if it is not, or is missing.
    pub fn check_issuer(&self, issuer: &str) -> Result<(), ClaimsRefusal> {
        if self.required_text("iss")? == issuer {
            Ok(())
        } else {
            Err(ClaimsRefusal::Issuer)
        }
    }

    /// `aud` holds exactly this text.
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal`] if it does not, or is missing.
    pub fn check_audience(&self, audience: &str) -> Result<(), ClaimsRefusal> {
        if self.audience()?.contains(&audience) {
            Ok(())
        } else {
            Err(ClaimsRefusal::Audience)
        }
    }

    /// `exp` lies ahead, give or take the skew ([RFC 7519 section 4.1.4]).
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal`] from `exp + skew` on, or if `exp` is missing.
    ///
    /// [RFC 7519 section 4.1.4]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
    pub fn check_expiry(&self, now: UnixTime, skew: Duration) -> Result<(), ClaimsRefusal> {
        if now < self.required_time("exp")? + skew {
            Ok(())
        } else {
            Err(ClaimsRefusal::Expired)
        }
    }

    /// `nbf`, where it stands, has come, give or take the skew.
    ///
    /// # Errors
    ///
    /// [`ClaimsRefusal`] if it has not.
    pub fn check_not_before(&self, now: UnixTime, skew: Duration) -> Result<(), ClaimsRefusal> {
        match self.time("nbf")? {
            Some(nbf) if nbf > now + skew => Err(ClaimsRefusal::NotYetValid),
            _ => Ok(()),
        }
    }

    fn check_issued_at(&self, expected: &ClaimsExpected<'_>) -> Result<(), ClaimsRefusal> {
        match self.time("iat")? {
            None if expected.iat == Presence::Required => Err(ClaimsRefusal::Missing("iat")),
            Some(iat) if iat > expected.now + expected.skew => Err(ClaimsRefusal::IssuedInFuture),
            _ => Ok(()),
        }
    }
}

/// Verifies a token and compares its claims: [`verify`], [`Claims::of`], [`Claims::check`].
///
/// # Errors
///
/// [`JwtRefusal`] names the first check that failed.
pub fn verify_jwt(
    token: &str,
    typ: ExpectedType<'_>,
    keys: &VerificationKeys,
    expected: &ClaimsExpected<'_>,
) -> Result<Claims, JwtRefusal> {
    let claims = Claims::of(&verify(token, typ, keys)?)?;
    claims.check(expected)?;
    Ok(claims)
}
