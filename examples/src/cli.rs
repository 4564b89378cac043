//! The command line of `issuer`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use oidc_connector_local::{
    InsertedUser, LocalUser, LoginName, PasswordHash, SetPassword, StoredUsers, hash_password,
};
use oidc_core::entropy::SystemEntropy;

use crate::{
    config::{self, Config, ConnectorKind},
    logging,
    open::{self, open_storage, stored_users},
    password_input, run, zero,
};

/// Exit code when the configuration is wrong; nothing was started.
pub const EXIT_CONFIG: u8 = 2;

/// A complete OpenID Connect issuer.
///
/// Without a command it needs no configuration: it keeps its records in ./issuer.sqlite, its key
/// in ./issuer.key, makes one local user and a public demo client, and listens on loopback.
#[derive(Debug, Parser)]
#[command(name = "issuer", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    zero: ZeroArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the issuer of a configuration file; without one, as if no command were given.
    Serve {
        /// YAML file; examples are in examples/config.
        config: Option<PathBuf>,
        #[command(flatten)]
        zero: ZeroArgs,
    },
    /// Checks a configuration file and starts nothing.
    Check {
        /// YAML file.
        config: PathBuf,
    },
    /// Reads a password from standard input and prints its argon2id hash.
    HashPassword,
    /// Looks after users that are kept in the store.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Adds a user; reads the password from standard input.
    Add {
        /// E-mail address to sign in with.
        email: String,
        /// User name, also to sign in with.
        #[arg(long)]
        username: Option<String>,
        /// Full name.
        #[arg(long)]
        name: Option<String>,
        /// A group; may be given several times.
        #[arg(long = "group")]
        groups: Vec<String>,
        #[command(flatten)]
        place: UserPlace,
    },
    /// Gives a user another password, read from standard input.
    SetPassword {
        /// E-mail address or user name.
        login_name: String,
        #[command(flatten)]
        place: UserPlace,
    },
}

/// Where zero configuration keeps its files and listens.
#[derive(Clone, Debug, Args)]
struct ZeroArgs {
    /// Directory of issuer.sqlite and issuer.key.
    #[arg(long, default_value = ".")]
    data: PathBuf,
    /// Loopback address and port; port 0 takes a free one.
    #[arg(long, default_value_t = zero::DEFAULT_ADDRESS)]
    listen: SocketAddr,
}

/// Whose users: of a configuration file, or of zero configuration.
#[derive(Debug, Args)]
struct UserPlace {
    /// Configuration file with a connector whose users are in the store.
    #[arg(long)]
    config: Option<PathBuf>,
    #[command(flatten)]
    zero: ZeroArgs,
}

/// What ended a command: text for standard error, and the exit code.
#[derive(Debug)]
struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    #[expect(clippy::needless_pass_by_value, reason = "stands in map_err")]
    fn new(error: impl ToString) -> Self {
        Self {
            text: error.to_string(),
            code: 1,
        }
    }
}

/// Runs the command line to its end.
pub async fn main(cli: Cli) -> ExitCode {
    let done = match cli.command {
        None => zero_configuration(&cli.zero).await,
        Some(Command::Serve { config: None, zero }) => zero_configuration(&zero).await,
        Some(Command::Serve {
            config: Some(config),
            ..
        }) => serve(&config).await,
        Some(Command::Check { config }) => check(&config),
        Some(Command::HashPassword) => print_hash(),
        Some(Command::User { command }) => user(command).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.text);
            ExitCode::from(failure.code)
        }
    }
}

fn load(path: &Path) -> Result<Config, Failure> {
    config::load_file(path).map_err(|error| {
        let lines: Vec<_> = error
            .problems
            .iter()
            .map(|problem| format!("{}:{problem}", path.display()))
            .collect();
        Failure {
            text: format!("{}\n\nNothing was started.", lines.join("\n")),
            code: EXIT_CONFIG,
        }
    })
}

async fn serve(path: &Path) -> Result<(), Failure> {
    let config = load(path)?;
    // Before anything is opened: who is told to stop while starting stops gracefully too.
    let stop = run::stop_signal().map_err(Failure::new)?;
    logging::start(config.logger);
    for warning in &config.warnings {
        tracing::warn!("{}:{warning}", path.display());
    }
    let refused = |error: String| Failure {
        text: format!("{}: {error}\n\nNothing was started.", path.display()),
        code: EXIT_CONFIG,
    };
    // Sockets first: an address that is taken, or a key that does not fit, leaves no trace.
    let listeners = run::listen(&config.web)
        .await
        .map_err(|error| refused(error.to_string()))?;
    let opened = open::open(&config)
        .await
        .map_err(|error| refused(error.to_string()))?;
    run::serve(opened, listeners, stop).await;
    Ok(())
}

async fn zero_configuration(args: &ZeroArgs) -> Result<(), Failure> {
    let stop = run::stop_signal().map_err(Failure::new)?;
    logging::start(config::LoggerConfig::default());
    let (opened, listeners) = zero::open(args.listen, &args.data)
        .await
        .map_err(Failure::new)?;
    let password = zero::first_user(&opened).await.map_err(Failure::new)?;
    let welcome = zero::welcome(opened.issuer.url(), &args.data, password.as_deref());
    println!("{}", welcome.map_err(Failure::new)?);
    run::serve(opened, listeners, stop).await;
    Ok(())
}

fn check(path: &Path) -> Result<(), Failure> {
    let config = load(path)?;
    for warning in &config.warnings {
        println!("{}:{warning}", path.display());
    }
    println!(
        "{}: no mistakes; {} connectors, {} clients, {} warnings",
        path.display(),
        config.connectors.len(),
        config.clients.len(),
        config.warnings.len()
    );
    Ok(())
}

fn print_hash() -> Result<(), Failure> {
    println!("{}", read_and_hash()?.as_str());
    Ok(())
}

fn read_and_hash() -> Result<PasswordHash, Failure> {
    let password = password_input::read("Password: ").map_err(Failure::new)?;
    hash_password(&password, &SystemEntropy).map_err(Failure::new)
}

async fn user(command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Add {
            email,
            username,
            name,
            groups,
            place,
        } => {
            let users = users(&place)?;
            let id = zero::random_user_id(&SystemEntropy).map_err(Failure::new)?;
            let mut user = LocalUser::new(id, read_and_hash()?)
                .with_email(email)
                .with_groups(groups);
            user.username = username;
            user.name = name;
            match users.insert(&user).await.map_err(Failure::new)? {
                InsertedUser::Yes => Ok(()),
                InsertedUser::Taken => Err(Failure::new("another user has this login name")),
            }
        }
        UserCommand::SetPassword { login_name, place } => {
            let users = users(&place)?;
            let name = LoginName::parse(&login_name)
                .ok_or_else(|| Failure::new("this is no login name"))?;
            let hash = read_and_hash()?;
            match users
                .set_password(&name, &hash)
                .await
                .map_err(Failure::new)?
            {
                SetPassword::Done => Ok(()),
                SetPassword::Unknown => Err(Failure::new("nobody has this login name")),
            }
        }
    }
}

/// The users in the store of a configuration; of its first connector that keeps them there.
fn users(place: &UserPlace) -> Result<StoredUsers, Failure> {
    let config = match &place.config {
        Some(path) => load(path)?,
        None => zero::config(place.zero.listen, &place.zero.data).map_err(Failure::new)?,
    };
    let in_store = |kind: &ConnectorKind| matches!(kind, ConnectorKind::Local(_, None));
    let connector = config
        .connectors
        .iter()
        .find(|connector| in_store(&connector.kind))
        .ok_or_else(|| {
            Failure::new("no connector of this configuration keeps users in the store")
        })?;
    let (_, storage) = open_storage(&config).map_err(Failure::new)?;
    Ok(stored_users(&storage, &config.issuer, &connector.id))
}
