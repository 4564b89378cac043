//! The issuer over HTTP, without a server or a framework.

mod cookie;
mod front;
pub mod pages;
mod problem;
mod request;
mod response;
mod route;
mod service;
mod tokens;

pub use request::{MAX_BODY, MAX_HEADERS, MAX_URI};
pub use service::{IssuerService, ResponseBody};
