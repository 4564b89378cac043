//! The `issuer` binary as a library, so that tests reach its parts.
//!
//! Read in this order: [`cli`] says what can be asked for, [`config`] what a file may say and
//! [`zero`] what holds without one; [`open`] makes an issuer of it; [`run`] listens and stops;
//! [`server`] carries requests to the issuer; [`logging`] writes what happens.

#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod zero;
pub mod open;
pub mod key_file;
pub mod run;
pub mod server;
pub mod logging;
pub mod password_input;
