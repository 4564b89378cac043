//! `staticClients`.

use std::collections::HashSet;

use oidc_core::{
    client::Client,
    protocol::{ClientId, ConnectorId, RedirectUri},
    secret::Secret,
};

use super::{ConnectorConfig, section::Section};

/// A given client secret with fewer bytes draws a warning: it can be guessed offline by whoever
/// sees its hash.
const STRONG_SECRET: usize = 32;

pub(super) fn clients(file: &mut Section<'_>, connectors: &[ConnectorConfig]) -> Vec<Client> {
    let sections = file.sections("staticClients");
    let known: HashSet<_> = connectors.iter().map(|connector| &connector.id).collect();
    let mut clients: Vec<Client> = Vec::new();
    for section in sections {
        let at = section.at("id");
        let key = section.key("id");
        let context = section.context;
        let Some(client) = client(section, &known) else {
            continue;
        };
        if clients
            .iter()
            .any(|other| other.client_id == client.client_id)
        {
            context.problem(at, &key, "is the id of an earlier client", "choose another");
        }
        clients.push(client);
    }
    clients
}

fn client(mut section: Section<'_>, known: &HashSet<&ConnectorId>) -> Option<Client> {
    let id = id(&mut section);
    let secret = section.secret(&SECRET_KEYS);
    let public = section.boolean("public").unwrap_or_default();
    check_secret(&section, public, secret.as_ref());
    let name = section.text("name");
    let redirect_uris = redirect_uris(&mut section);
    let allowed_connectors = allowed_connectors(&mut section, known);
    let skip_consent = section.boolean("skipConsent").unwrap_or_default();
    section.finish();
    let mut client = if public {
        Client::public(id?, redirect_uris)
    } else {
        // An empty secret was noted above.
        Client::confidential(id?, &secret?, redirect_uris).ok()?
    };
    client.client_name = name;
    client.skip_consent = skip_consent;
    client.allowed_connectors = allowed_connectors;
    Some(client)
}

fn redirect_uris(section: &mut Section<'_>) -> Vec<RedirectUri> {
    let texts = section.texts("redirectURIs");
    if texts.is_empty() {
        section.problem(
            "redirectURIs",
            "is missing or empty",
            "list the exact URIs that the client may be sent answers to; \
             http://127.0.0.1/callback serves any port",
        );
    }
    let mut uris = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match RedirectUri::parse(text) {
            Ok(uri) => uris.push(uri),
            Err(error) => {
                let message = format!("entry {}: {error}", index + 1);
                let fix = "write an absolute URI without fragment";
                section.problem("redirectURIs", &message, fix);
            }
        }
    }
    uris
}

fn id(section: &mut Section<'_>) -> Option<ClientId> {
    let both = section.has("id") && section.has("idEnv");
    let given = section.secret(&["id", "idEnv"]);
    if given.is_none() && !both && !section.has("id") && !section.has("idEnv") {
        section.problem(
            "id",
            "is missing",
            "set it to the client_id that the client uses",
        );
    }
    let text = given?.expose_str()?.to_owned();
    ClientId::parse(text)
        .map_err(|error| {
            let message = error.to_string().replace("the client id ", "");
            section.problem("id", &message, "use letters, digits and dashes");
        })
        .ok()
}

const SECRET_KEYS: [&str; 3] = ["secret", "secretEnv", "secretFile"];

/// OA-62: neither an empty secret nor a public client with one.
fn check_secret(section: &Section<'_>, public: bool, secret: Option<&Secret>) {
    let set = SECRET_KEYS.into_iter().find(|key| section.has(key));
    let blank = |secret: &Secret| secret.expose().iter().all(u8::is_ascii_whitespace);
    match (public, set, secret) {
        (true, Some(key), _) => section.problem(
            key,
            "is set for a public client, which cannot keep one",
            "remove it, or remove public: true",
        ),
        (false, None, _) => section.problem(
            "secret",
            "is missing",
            "set secret, secretEnv or secretFile, or public: true",
        ),
        (false, Some(key), Some(secret)) if blank(secret) => {
            section.problem(key, "is empty", "set at least 32 random characters");
        }
        (false, Some(key), Some(secret)) if secret.expose().len() < STRONG_SECRET => section.warn(
            key,
            "has fewer than 32 characters",
            "make one with: head -c 32 /dev/urandom | basenc --base64url",
        ),
        _ => {}
    }
}

fn allowed_connectors(
    section: &mut Section<'_>,
    known: &HashSet<&ConnectorId>,
) -> Vec<ConnectorId> {
    let mut allowed = Vec::new();
    for text in section.texts("allowedConnectors") {
        match ConnectorId::parse(text) {
            Ok(id) if known.contains(&id) => allowed.push(id),
            _ => section.problem(
                "allowedConnectors",
                "names a connector that does not exist",
                "list ids of connectors of this file",
            ),
        }
    }
    if section.has("allowedConnectors") && allowed.is_empty() {
        // An empty list would read as "all".
        section.problem(
            "allowedConnectors",
            "allows nobody",
            "list at least one connector, or remove it to allow all",
        );
    }
    allowed
}
