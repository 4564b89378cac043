//! The issuer: see `issuer --help`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use oidc_examples::cli::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    cli::main(Cli::parse()).await
}
