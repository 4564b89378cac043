//! The smallest issuer: one user, one client, everything in memory, http://127.0.0.1:5556.

#![forbid(unsafe_code)]

use std::{error::Error, sync::Arc};

use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use oidc_connector_local::{LocalConfig, LocalConnector, LocalUser, StaticUsers, hash_password};
use oidc_core::entropy::{SystemEntropy, draw_secret};
use oidc_core::protocol::{ClientId, ConnectorId, IssuerUrl, RedirectUri};
use oidc_core::{Issuer, client::Client, http::IssuerService, issuer::RegisteredConnector};
use oidc_core::{identity::UpstreamSubject, seal::SealingKeys, secret::Secret};
use oidc_token_store::MemoryStorage;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let password = hash_password(&Secret::new("correct horse battery"), &SystemEntropy)?;
    let jane = LocalUser::new(UpstreamSubject::parse("1")?, password).with_username("jane");
    let users = Arc::new(StaticUsers::new(vec![jane])?);
    let local = Arc::new(LocalConnector::open(users, &LocalConfig::default())?);
    let local = RegisteredConnector::new(ConnectorId::parse("local")?, "Local account", local);
    let redirect_uri = RedirectUri::parse("http://127.0.0.1:5555/callback")?;
    let issuer = Issuer::builder(IssuerUrl::parse("http://127.0.0.1:5556")?)
        .with_storage(Arc::new(MemoryStorage::new()))
        .with_sealing_keys(SealingKeys::new(vec![draw_secret(&SystemEntropy)?])?)
        .with_client(Client::public(ClientId::parse("demo")?, vec![redirect_uri]))
        .with_connector(local)
        .open()
        .await?;
    let service = TowerToHyperService::new(IssuerService::new(issuer)?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5556").await?;
    loop {
        let connection = TokioIo::new(listener.accept().await?.0);
        let http = hyper::server::conn::http1::Builder::new();
        tokio::spawn(http.serve_connection(connection, service.clone()));
    }
}
