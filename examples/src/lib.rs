//! The `issuer` binary as a library, so that tests reach its parts.
//!
//! Read in this order: [`config`] is what a file may say; [`server`] carries requests to the issuer
//! and stops gracefully; [`logging`] writes what happens.

#![forbid(unsafe_code)]

pub mod config;
pub mod logging;
pub mod server;
