//! Stands between the LDAP client library and the wire and lets only sane messages through.
//!
//! The library's reader recurses without limit, trusts lengths and panics on answers it does not
//! expect, so it never sees a server's own bytes: each message is parsed here, matched with the
//! request it answers, and written anew.

use std::collections::HashMap;

use crate::{
    ber::{self, BerError, INTEGER, OCTET_STRING, Reader, SEQUENCE},
    message::{
        BIND_REQUEST, EXTENDED_REQUEST, LdapResultCode, SEARCH_REQUEST, START_TLS, ServerMessage,
        ServerOperation, UNBIND_REQUEST,
    },
};

/// Most requests that may wait for an answer on one connection. We send them one by one.
pub const MAX_OUTSTANDING: usize = 16;

/// Why a connection was closed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The server sent something that is no message.
    #[error("malformed message: {0}")]
    Malformed(#[from] BerError),
    /// The server answered what nobody asked, or with another kind of answer.
    #[error("answer without a matching request")]
    Unmatched,
    /// The server gave notice of disconnection (RFC 4511 section 4.4.1).
    #[error("the server disconnects: {0}")]
    Disconnection(LdapResultCode),
    /// The server refused StartTLS, or answered it in a way that is not a plain yes.
    #[error("StartTLS refused")]
    StartTlsRefused,
    /// Bytes came behind the answer to StartTLS, before TLS began.
    #[error("bytes in clear behind the answer to StartTLS")]
    BytesBeforeTls,
    /// A request that must not leave this process, such as a bind without a password.
    #[error("request refused before it was sent")]
    RequestRefused,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Request {
    Bind,
    Search,
}

/// The requests that wait for answers on one connection.
#[derive(Debug, Default)]
pub struct Guard {
    outstanding: HashMap<u32, Request>,
}

impl Guard {
    /// Looks at one request on its way out.
    ///
    /// # Errors
    ///
    /// [`GuardError::RequestRefused`] for a bind with a name and no password or the reverse
    /// ([RFC 4513 section 5.1.2]), a reused id, or an operation that this connector has no use for.
    ///
    /// [RFC 4513 section 5.1.2]: https://www.rfc-editor.org/rfc/rfc4513#section-5.1.2
    pub fn request(&mut self, frame: &[u8]) -> Result<(), GuardError> {
        let mut reader = Reader::new(frame).expect(SEQUENCE)?.reader();
        let id = reader.expect(INTEGER)?.unsigned()?;
        let operation = reader.any()?;
        let request = match operation.tag {
            BIND_REQUEST => {
                check_bind(operation.reader())?;
                Request::Bind
            }
            SEARCH_REQUEST => Request::Search,
            UNBIND_REQUEST => return Ok(()),
            _ => return Err(GuardError::RequestRefused),
        };
        let free = self.outstanding.len() < MAX_OUTSTANDING;
        if id == 0 || !free || self.outstanding.insert(id, request).is_some() {
            return Err(GuardError::RequestRefused);
        }
        Ok(())
    }

    /// Looks at one message of the server and yields what the client library may see of it.
    ///
    /// # Errors
    ///
    /// [`GuardError`] if the connection must be closed.
    pub fn answer(&mut self, frame: &[u8]) -> Result<Option<Vec<u8>>, GuardError> {
        let message = ServerMessage::decode(frame)?;
        if message.id == 0 {
            return Err(match message.operation {
                ServerOperation::Extended(result, _) => GuardError::Disconnection(result.code),
                _ => GuardError::Unmatched,
            });
        }
        let request = self.outstanding.get(&message.id);
        let request = *request.ok_or(GuardError::Unmatched)?;
        match (request, &message.operation) {
            (Request::Bind, ServerOperation::Bind(_))
            | (Request::Search, ServerOperation::Done(_)) => {
                self.outstanding.remove(&message.id);
            }
            (Request::Search, ServerOperation::Entry(_) | ServerOperation::Reference(_)) => {}
            (Request::Search, ServerOperation::Intermediate) => return Ok(None),
            _ => return Err(GuardError::Unmatched),
        }
        Ok(Some(message.encode()))
    }
}

/// LD-03, LD-04: a name without a password (or the reverse) would be answered with success.
fn check_bind(mut bind: Reader<'_>) -> Result<(), GuardError> {
    bind.expect(INTEGER)?;
    let name = bind.expect(OCTET_STRING)?;
    let password = bind.expect(0x80)?;
    if name.content.is_empty() == password.content.is_empty() {
        Ok(())
    } else {
        Err(GuardError::RequestRefused)
    }
}

/// The id of our `StartTLS` request, the first on its connection.
const START_TLS_ID: u32 = 1;

/// The `StartTLS` request.
#[must_use]
pub fn start_tls_request() -> Vec<u8> {
    let mut operation = Vec::new();
    ber::write(&mut operation, 0x80, START_TLS.as_bytes());
    let mut body = Vec::new();
    ber::write_unsigned(&mut body, INTEGER, START_TLS_ID);
    ber::write(&mut body, EXTENDED_REQUEST, &operation);
    let mut frame = Vec::new();
    ber::write(&mut frame, SEQUENCE, &body);
    frame
}

/// Judges what has arrived since the `StartTLS` request: `false` while more is needed, `true` once
/// TLS may begin.
///
/// # Errors
///
/// [`GuardError`] for everything but exactly one answer that says yes. LD-07: bytes behind it were
/// put there by somebody who cannot speak inside TLS.
pub fn start_tls_answered(received: &[u8]) -> Result<bool, GuardError> {
    let Some(length) = ber::frame_length(received)? else {
        return Ok(false);
    };
    let Some(frame) = received.get(..length) else {
        return Ok(false);
    };
    let message = ServerMessage::decode(frame)?;
    let (result, name) = match (message.id, message.operation) {
        (START_TLS_ID, ServerOperation::Extended(result, name)) => (result, name),
        (0, ServerOperation::Extended(result, _)) => {
            return Err(GuardError::Disconnection(result.code));
        }
        _ => return Err(GuardError::Unmatched),
    };
    let granted = result.code == LdapResultCode::SUCCESS
        && result.referrals.is_empty()
        && name.is_none_or(|name| name.is_empty() || name == START_TLS);
    if !granted {
        return Err(GuardError::StartTlsRefused);
    }
    if received.len() > length {
        return Err(GuardError::BytesBeforeTls);
    }
    Ok(true)
}
