//! WIRE: bytes and parameters to types and back. Pure.

mod identifier;

pub use identifier::{ClientId, ConnectorId, InvalidIdentifier, IssuerUrl};
