//! The issuer over HTTP, without a server or a framework.

pub mod pages;
