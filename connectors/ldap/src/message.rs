//! What a server may send ([RFC 4511 section 4]), parsed whole before anybody acts on it.
//!
//! [RFC 4511 section 4]: https://www.rfc-editor.org/rfc/rfc4511#section-4

use crate::ber::{
    self, BOOLEAN, BerError, ENUMERATED, Element, INTEGER, OCTET_STRING, Reader, SEQUENCE, SET,
};

/// `StartTLS` ([RFC 4511 section 4.14.1](https://www.rfc-editor.org/rfc/rfc4511#section-4.14.1)).
pub const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// Paged results ([RFC 2696](https://www.rfc-editor.org/rfc/rfc2696)).
pub const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
/// Password policy answer (draft-behera-ldap-password-policy section 6.2).
pub const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
/// "The password has expired and must be changed now", as 389 Directory Server sends it.
pub const PASSWORD_EXPIRED: &str = "2.16.840.1.113730.3.4.4";

/// `BindRequest`.
pub const BIND_REQUEST: u8 = 0x60;
/// `UnbindRequest`.
pub const UNBIND_REQUEST: u8 = 0x42;
/// `SearchRequest`.
pub const SEARCH_REQUEST: u8 = 0x63;
/// `ExtendedRequest`.
pub const EXTENDED_REQUEST: u8 = 0x77;
const BIND_RESPONSE: u8 = 0x61;
const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
const SEARCH_REFERENCE: u8 = 0x73;
const EXTENDED_RESPONSE: u8 = 0x78;
const INTERMEDIATE_RESPONSE: u8 = 0x79;
const CONTROLS: u8 = 0xa0;
const REFERRAL: u8 = 0xa3;
const SASL_CREDENTIALS: u8 = 0x87;
const RESPONSE_NAME: u8 = 0x8a;
const RESPONSE_VALUE: u8 = 0x8b;

/// Result code of an operation
/// ([RFC 4511 appendix A](https://www.rfc-editor.org/rfc/rfc4511#appendix-A)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LdapResultCode(pub u32);

impl LdapResultCode {
    /// Done.
    pub const SUCCESS: Self = Self(0);
    /// The server would not look longer.
    pub const TIME_LIMIT_EXCEEDED: Self = Self(3);
    /// There is more than was asked for or than the server gives.
    pub const SIZE_LIMIT_EXCEEDED: Self = Self(4);
    /// The server asks for a stronger authentication.
    pub const STRONGER_AUTH_REQUIRED: Self = Self(8);
    /// Another server has it.
    pub const REFERRAL: Self = Self(10);
    /// An administrative limit was reached.
    pub const ADMIN_LIMIT_EXCEEDED: Self = Self(11);
    /// The server asks for TLS.
    pub const CONFIDENTIALITY_REQUIRED: Self = Self(13);
    /// A rule about passwords or accounts was broken.
    pub const CONSTRAINT_VIOLATION: Self = Self(19);
    /// There is no such entry.
    pub const NO_SUCH_OBJECT: Self = Self(32);
    /// The entry has no password.
    pub const INAPPROPRIATE_AUTHENTICATION: Self = Self(48);
    /// Wrong password.
    pub const INVALID_CREDENTIALS: Self = Self(49);
    /// The service account may not do that.
    pub const INSUFFICIENT_ACCESS_RIGHTS: Self = Self(50);
    /// The server is busy.
    pub const BUSY: Self = Self(51);
    /// The server is shutting down or its back end is away.
    pub const UNAVAILABLE: Self = Self(52);
    /// The server will not do it: often an account that is locked or disabled.
    pub const UNWILLING_TO_PERFORM: Self = Self(53);
}

impl std::fmt::Display for LdapResultCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "result code {}", self.0)
    }
}

/// `LDAPResult`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OperationResult {
    /// The outcome.
    pub code: LdapResultCode,
    /// The nearest entry that exists, where that helps.
    pub matched_dn: String,
    /// Text for people. Comes from the server: never shown to an end user.
    pub diagnostic: String,
    /// Where else to ask. Never followed.
    pub referrals: Vec<String>,
}

/// A response control.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResponseControl {
    /// Its OID.
    pub oid: String,
    /// Its value.
    pub value: Option<Vec<u8>>,
}

/// An entry as the server sent it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryMessage {
    /// The entry's distinguished name, not yet parsed.
    pub dn: String,
    /// Attribute descriptions and values.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// The operation in a message of the server.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ServerOperation {
    /// `BindResponse`.
    Bind(OperationResult),
    /// `SearchResultEntry`.
    Entry(EntryMessage),
    /// `SearchResultReference`. Never followed.
    Reference(Vec<String>),
    /// `SearchResultDone`.
    Done(OperationResult),
    /// `ExtendedResponse` and its name.
    Extended(OperationResult, Option<String>),
    /// `IntermediateResponse`, of which we ask for none.
    Intermediate,
}

/// One message of a server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerMessage {
    /// Which request is answered; 0 for what nobody asked for.
    pub id: u32,
    /// The answer.
    pub operation: ServerOperation,
    /// The controls that we understand; others are dropped.
    pub controls: Vec<ResponseControl>,
}

impl ServerMessage {
    /// Parses one whole message.
    ///
    /// # Errors
    ///
    /// [`BerError`] for everything that is not exactly one well-formed message of a known kind.
    pub fn decode(frame: &[u8]) -> Result<Self, BerError> {
        ber::check_frame(frame)?;
        let mut reader = Reader::new(frame).expect(SEQUENCE)?.reader();
        let id = reader.expect(INTEGER)?.unsigned()?;
        let operation = reader.any()?;
        let operation = decode_operation(&operation)?;
        let mut controls = Vec::new();
        if let Some(list) = reader.optional(CONTROLS)? {
            controls = decode_controls(&list)?;
        } else if id == 0 {
            // Active Directory writes the name of a notice of disconnection outside the response.
            reader.optional(RESPONSE_NAME)?;
        }
        reader.end()?;
        Ok(Self {
            id,
            operation,
            controls,
        })
    }

    /// Writes the message in one canonical form, which decodes to an equal message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        ber::write_unsigned(&mut body, INTEGER, self.id);
        let (tag, operation) = encode_operation(&self.operation);
        ber::write(&mut body, tag, &operation);
        if !self.controls.is_empty() {
            ber::write(&mut body, CONTROLS, &encode_controls(&self.controls));
        }
        let mut frame = Vec::with_capacity(body.len() + 6);
        ber::write(&mut frame, SEQUENCE, &body);
        frame
    }
}

fn decode_operation(operation: &Element<'_>) -> Result<ServerOperation, BerError> {
    let mut reader = operation.reader();
    match operation.tag {
        BIND_RESPONSE => {
            let result = decode_result(&mut reader)?;
            reader.optional(SASL_CREDENTIALS)?;
            reader.end()?;
            Ok(ServerOperation::Bind(result))
        }
        SEARCH_ENTRY => decode_entry(reader).map(ServerOperation::Entry),
        SEARCH_DONE => {
            let result = decode_result(&mut reader)?;
            reader.end()?;
            Ok(ServerOperation::Done(result))
        }
        SEARCH_REFERENCE => decode_uris(reader).map(ServerOperation::Reference),
        EXTENDED_RESPONSE => {
            let result = decode_result(&mut reader)?;
            let name = reader.optional(RESPONSE_NAME)?;
            let name = name
                .map(|name| name.text().map(str::to_owned))
                .transpose()?;
            reader.optional(RESPONSE_VALUE)?;
            reader.end()?;
            Ok(ServerOperation::Extended(result, name))
        }
        INTERMEDIATE_RESPONSE => Ok(ServerOperation::Intermediate),
        _ => Err(BerError::UnexpectedTag),
    }
}

fn decode_result(reader: &mut Reader<'_>) -> Result<OperationResult, BerError> {
    let code = LdapResultCode(reader.expect(ENUMERATED)?.unsigned()?);
    let matched_dn = reader.expect(OCTET_STRING)?.text()?.to_owned();
    // Some servers write the diagnostic message in a code page; it is only ever logged.
    let diagnostic = reader.expect(OCTET_STRING)?.content;
    let diagnostic = String::from_utf8_lossy(diagnostic).into_owned();
    let referrals = match reader.optional(REFERRAL)? {
        Some(list) => decode_uris(list.reader())?,
        None => Vec::new(),
    };
    Ok(OperationResult {
        code,
        matched_dn,
        diagnostic,
        referrals,
    })
}

fn decode_uris(mut reader: Reader<'_>) -> Result<Vec<String>, BerError> {
    let mut uris = Vec::new();
    while !reader.is_empty() {
        uris.push(reader.expect(OCTET_STRING)?.text()?.to_owned());
    }
    // RFC 4511 section 4.1.10: SIZE (1..MAX).
    if uris.is_empty() {
        return Err(BerError::Truncated);
    }
    Ok(uris)
}

fn decode_entry(mut reader: Reader<'_>) -> Result<EntryMessage, BerError> {
    let dn = reader.expect(OCTET_STRING)?.text()?.to_owned();
    let mut list = reader.expect(SEQUENCE)?.reader();
    reader.end()?;
    let mut attributes = Vec::new();
    while !list.is_empty() {
        let mut attribute = list.expect(SEQUENCE)?.reader();
        let name = attribute.expect(OCTET_STRING)?.text()?.to_owned();
        let mut set = attribute.expect(SET)?.reader();
        attribute.end()?;
        let mut values = Vec::new();
        while !set.is_empty() {
            values.push(set.expect(OCTET_STRING)?.content.to_vec());
        }
        attributes.push((name, values));
    }
    Ok(EntryMessage { dn, attributes })
}

fn decode_controls(list: &Element<'_>) -> Result<Vec<ResponseControl>, BerError> {
    let mut list = list.reader();
    let mut controls = Vec::new();
    while !list.is_empty() {
        let mut control = list.expect(SEQUENCE)?.reader();
        let oid = control.expect(OCTET_STRING)?.text()?.to_owned();
        if let Some(critical) = control.optional(BOOLEAN)?
            && critical.content.len() != 1
        {
            return Err(BerError::OutOfRange);
        }
        let value = control.optional(OCTET_STRING)?;
        let value = value.map(|value| value.content.to_vec());
        control.end()?;
        match (oid.as_str(), &value) {
            (PAGED_RESULTS, Some(value)) => decode_paged_results(value).map(drop)?,
            (PAGED_RESULTS, None) => return Err(BerError::Truncated),
            (PASSWORD_POLICY | PASSWORD_EXPIRED, _) => {}
            _ => continue,
        }
        controls.push(ResponseControl { oid, value });
    }
    Ok(controls)
}

/// The cookie in the value of a paged results control; empty after the last page.
///
/// # Errors
///
/// [`BerError`] if the value is not well-formed.
pub fn decode_paged_results(value: &[u8]) -> Result<Vec<u8>, BerError> {
    ber::check_frame(value)?;
    let mut reader = Reader::new(value).expect(SEQUENCE)?.reader();
    reader.expect(INTEGER)?.unsigned()?;
    let cookie = reader.expect(OCTET_STRING)?.content.to_vec();
    reader.end()?;
    Ok(cookie)
}

fn encode_operation(operation: &ServerOperation) -> (u8, Vec<u8>) {
    let mut body = Vec::new();
    let tag = match operation {
        ServerOperation::Bind(result) => {
            encode_result(&mut body, result);
            BIND_RESPONSE
        }
        ServerOperation::Entry(entry) => {
            encode_entry(&mut body, entry);
            SEARCH_ENTRY
        }
        ServerOperation::Reference(uris) => {
            encode_uris(&mut body, uris);
            SEARCH_REFERENCE
        }
        ServerOperation::Done(result) => {
            encode_result(&mut body, result);
            SEARCH_DONE
        }
        ServerOperation::Extended(result, name) => {
            encode_result(&mut body, result);
            if let Some(name) = name {
                ber::write(&mut body, RESPONSE_NAME, name.as_bytes());
            }
            EXTENDED_RESPONSE
        }
        ServerOperation::Intermediate => INTERMEDIATE_RESPONSE,
    };
    (tag, body)
}

fn encode_result(body: &mut Vec<u8>, result: &OperationResult) {
    ber::write_unsigned(body, ENUMERATED, result.code.0);
    ber::write(body, OCTET_STRING, result.matched_dn.as_bytes());
    ber::write(body, OCTET_STRING, result.diagnostic.as_bytes());
    if !result.referrals.is_empty() {
        let mut uris = Vec::new();
        encode_uris(&mut uris, &result.referrals);
        ber::write(body, REFERRAL, &uris);
    }
}

fn encode_uris(body: &mut Vec<u8>, uris: &[String]) {
    for uri in uris {
        ber::write(body, OCTET_STRING, uri.as_bytes());
    }
}

fn encode_entry(body: &mut Vec<u8>, entry: &EntryMessage) {
    ber::write(body, OCTET_STRING, entry.dn.as_bytes());
    let mut list = Vec::new();
    for (name, values) in &entry.attributes {
        let mut set = Vec::new();
        for value in values {
            ber::write(&mut set, OCTET_STRING, value);
        }
        let mut attribute = Vec::new();
        ber::write(&mut attribute, OCTET_STRING, name.as_bytes());
        ber::write(&mut attribute, SET, &set);
        ber::write(&mut list, SEQUENCE, &attribute);
    }
    ber::write(body, SEQUENCE, &list);
}

fn encode_controls(controls: &[ResponseControl]) -> Vec<u8> {
    let mut list = Vec::new();
    for control in controls {
        let mut body = Vec::new();
        ber::write(&mut body, OCTET_STRING, control.oid.as_bytes());
        if let Some(value) = &control.value {
            ber::write(&mut body, OCTET_STRING, value);
        }
        ber::write(&mut list, SEQUENCE, &body);
    }
    list
}
