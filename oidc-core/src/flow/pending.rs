//! The open flow: sealed in a cookie of the user agent that started it.

use serde::{Deserialize, Serialize};

use super::{
    Outcome, UserAgent,
    problem::{FlowError, ProblemKind, Restart},
};
use crate::{
    base64url,
    claims::Subject,
    clock::UnixTime,
    entropy::{draw, draw_secret},
    grant::{GrantId, SessionId},
    issuer::Parts,
    protocol::{ConnectorId, ValidAuthorizationRequest},
    seal::Purpose,
    secret::Secret32,
};

/// At most so many flows are open in one user agent; the oldest is dropped.
const MAX_FLOWS: usize = 4;
/// All flow cookies together, in bytes: a stock nginx takes 8 KiB of headers.
const MAX_FLOW_BYTES: usize = 6 * 1024;
/// One sealed flow, in bytes: browsers keep no cookie above 4 KiB.
const MAX_SEALED: usize = 3 * 1024;

/// The unguessable name of an open flow: 128 bits, 22 characters of base64url.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct FlowHandle(String);

impl FlowHandle {
    /// Takes the 22 characters; `None` if they are anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let _: [u8; 16] = base64url::decode_array(text)?;
        Some(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A flow as the user agent holds it.
#[derive(Clone, Debug)]
pub(crate) struct SealedFlow {
    pub(crate) handle: FlowHandle,
    pub(crate) sealed: String,
}

/// An authorization request on its way, waiting for login and consent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PendingAuthorization {
    /// Drawn when the flow opens: whatever answers the flow is stored under it, once.
    pub(crate) grant_id: GrantId,
    pub(crate) request: ValidAuthorizationRequest,
    pub(crate) started_at: UnixTime,
    pub(crate) expires_at: UnixTime,
    seed: FlowSeed,
    pub(crate) step: Step,
}

/// The flow's own secret. It is serialized only into the sealed cookie, and prints a placeholder.
#[derive(Clone, Debug)]
struct FlowSeed(Secret32);

impl Serialize for FlowSeed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(self.0.expose()))
    }
}

impl<'de> Deserialize<'de> for FlowSeed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64url::decode_array(&text)
            .map(|bytes| Self(Secret32::from_bytes(bytes)))
            .ok_or_else(|| serde::de::Error::custom("not 32 bytes in base64url"))
    }
}

/// How far the flow is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// The end user chooses a connector.
    Choose,
    /// A connector waits for an answer.
    Login {
        connector_id: ConnectorId,
        /// The connector's own state, base64url.
        state: String,
        /// What the login form asks for; `None`: the upstream is asked.
        prompt: Option<String>,
    },
    /// Someone is signed in and must agree.
    Consent {
        subject: Subject,
        session_id: SessionId,
        connector_id: ConnectorId,
    },
    /// The client has its answer.
    Answered,
}

impl PendingAuthorization {
    /// Opens a flow for a checked request.
    pub(crate) fn open(
        parts: &Parts,
        request: ValidAuthorizationRequest,
        now: UnixTime,
    ) -> Result<(FlowHandle, Self), FlowError> {
        let entropy = &*parts.entropy;
        let handle = FlowHandle(base64url::encode(&draw::<16>(entropy)?));
        let pending = Self {
            grant_id: GrantId::draw(entropy)?,
            request,
            started_at: now,
            expires_at: now + parts.config.flow_lifetime,
            seed: FlowSeed(draw_secret(entropy)?),
            step: Step::Choose,
        };
        Ok((handle, pending))
    }

    /// The secret from which a connector derives PKCE verifier, nonce and request ids.
    pub(crate) const fn seed(&self) -> &Secret32 {
        &self.seed.0
    }

    /// Seals the flow for its user agent.
    ///
    /// # Errors
    ///
    /// [`FlowError::TooLarge`] if it does not fit a cookie.
    pub(crate) fn seal(&self, parts: &Parts, handle: &FlowHandle) -> Result<SealedFlow, FlowError> {
        let plain = serde_json::to_vec(self).map_err(|error| FlowError::internal(&error))?;
        let sealed = parts.sealer.seal(
            Purpose::Flow,
            handle.as_str().as_bytes(),
            Some(self.expires_at),
            &plain,
        )?;
        if sealed.len() > MAX_SEALED {
            return Err(FlowError::TooLarge(Box::new(self.request.clone())));
        }
        Ok(SealedFlow {
            handle: handle.clone(),
            sealed,
        })
    }

    /// Opens the flow that `handle` names among those of the user agent.
    ///
    /// # Errors
    ///
    /// A problem page: no such flow in this user agent, or its time is over.
    pub(crate) fn find(
        parts: &Parts,
        flows: &[SealedFlow],
        handle: &str,
        now: UnixTime,
    ) -> Result<(FlowHandle, Self), FlowError> {
        let unknown = || FlowError::problem(ProblemKind::UnknownFlow);
        let flow = flows
            .iter()
            .find(|flow| flow.handle.as_str() == handle)
            .ok_or_else(unknown)?;
        let pending = Self::unseal(parts, flow).ok_or_else(unknown)?;
        if now >= pending.expires_at {
            let restart = Restart::Again(Box::new(pending.request));
            return Err(FlowError::problem(ProblemKind::Expired).with_restart(restart));
        }
        if matches!(pending.step, Step::Answered) {
            return Err(pending.answered());
        }
        Ok((flow.handle.clone(), pending))
    }

    /// The same flow at another step.
    pub(crate) fn at_step(&self, step: Step) -> Self {
        Self {
            step,
            ..self.clone()
        }
    }

    /// The page for an old page that was sent again: the flow itself can start anew.
    pub(crate) fn out_of_step(&self) -> FlowError {
        let restart = Restart::Again(Box::new(self.request.clone()));
        FlowError::problem(ProblemKind::OutOfStep).with_restart(restart)
    }

    /// The page for a flow that was answered before.
    pub(crate) fn answered(&self) -> FlowError {
        let restart = Restart::Client(self.request.redirect_uri.clone());
        FlowError::problem(ProblemKind::Answered).with_restart(restart)
    }

    fn unseal(parts: &Parts, flow: &SealedFlow) -> Option<Self> {
        // Expiry is judged by the caller, from the sealed body: even an expired flow knows how to
        // start again.
        let opened = parts
            .sealer
            .open(
                Purpose::Flow,
                flow.handle.as_str().as_bytes(),
                &flow.sealed,
                UnixTime::default(),
            )
            .ok()?;
        serde_json::from_slice(opened.plaintext.expose()).ok()
    }
}

/// Drops flow cookies so that the one which is to be kept fits: a flow grows with its steps.
pub(crate) fn make_room(parts: &Parts, agent: &UserAgent, mut outcome: Outcome) -> Outcome {
    if let Some(fresh) = &outcome.keep {
        outcome.drop = crowded_out(parts, &agent.flows, fresh);
    }
    outcome
}

/// Which flow cookies must go so that a new one fits: unreadable ones in any case, then answered
/// ones, then the oldest.
fn crowded_out(parts: &Parts, flows: &[SealedFlow], fresh: &SealedFlow) -> Vec<FlowHandle> {
    let mut kept: Vec<_> = flows
        .iter()
        .filter(|flow| flow.handle != fresh.handle)
        .map(|flow| (worth_of(parts, flow), flow))
        .collect();
    kept.sort_by_key(|(worth, _)| *worth);
    let mut bytes = fresh.sealed.len()
        + kept
            .iter()
            .map(|(_, flow)| flow.sealed.len())
            .sum::<usize>();
    let mut count = kept.len() + 1;
    let mut dropped = Vec::new();
    for (worth, flow) in kept {
        let crowded = count > MAX_FLOWS || bytes > MAX_FLOW_BYTES;
        if worth.is_some() && !crowded {
            break;
        }
        count -= 1;
        bytes -= flow.sealed.len();
        dropped.push(flow.handle.clone());
    }
    dropped
}

/// What a flow cookie is worth to the end user, least first: `None` cannot be read, `false` was
/// answered; then by age.
fn worth_of(parts: &Parts, flow: &SealedFlow) -> Option<(bool, UnixTime)> {
    let pending = PendingAuthorization::unseal(parts, flow)?;
    let open = !matches!(pending.step, Step::Answered);
    Some((open, pending.started_at))
}
