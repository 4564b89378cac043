//! The authorization endpoint and the front channel behind it, over HTTP.

#![expect(clippy::unwrap_used, reason = "tests")]

mod bounds;
mod connectors;
mod cookies;
mod issuers;
mod pages;
mod parameters;
mod paths;
mod prompt;
mod redirect_uri;
mod response;
mod support;
