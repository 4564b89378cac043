//! The sealing key beside the database: made once, readable by its owner alone.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use oidc_core::{
    base64url,
    entropy::{Entropy, EntropyError, draw_secret},
    seal::{InvalidSealingKeys, SealingKeys},
};
use zeroize::Zeroizing;

/// A key file cannot be used or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// There is a database, but the key that opens what is sealed in it is not there.
    #[error(
        "{} is missing, but there is a database: put the key back, or remove the database to start afresh",
        path.display()
    )]
    Lost {
        /// Where the key should be.
        path: PathBuf,
    },
    /// The file cannot be read or made.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{}: {source}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong with its content.
        source: InvalidSealingKeys,
    },
    /// No key could be drawn.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Reads the key file at `path`; makes it, with mode 0600, unless `database` exists already.
///
/// Of several processes that start at once, one makes the key and all use it.
///
/// # Errors
///
/// [`KeyFileError`] names the file and what to do.
pub fn load_or_make(
    path: &Path,
    database: &Path,
    entropy: &dyn Entropy,
) -> Result<SealingKeys, KeyFileError> {
    let file_error = |source| KeyFileError::File {
        path: path.to_owned(),
        source,
    };
    let existed = database.exists();
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(error)),
        Err(_) if existed && !path.exists() => {
            return Err(KeyFileError::Lost {
                path: path.to_owned(),
            });
        }
        Err(_) => {
            let secret = draw_secret(entropy)?;
            let line = Zeroizing::new(format!("{}\n", base64url::encode(secret.expose())));
            make(path, line.as_bytes()).map_err(file_error)?;
            fs::read(path).map_err(file_error)?
        }
    };
    warn_if_open(path);
    let content = Zeroizing::new(content);
    SealingKeys::parse(&content).map_err(|source| KeyFileError::Content {
        path: path.to_owned(),
        source,
    })
}

/// Puts a whole file at `path` unless somebody else was first.
fn make(path: &Path, content: &[u8]) -> io::Result<()> {
    let own = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&own).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    // A link appears whole or not at all, and never in place of another file.
    let linked = written.and_then(|()| match fs::hard_link(&own, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let _ = fs::remove_file(&own);
    linked
}

fn warn_if_open(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode());
        if mode & 0o077 != 0 {
            tracing::warn!(file = %path.display(), "the key file can be read by others: chmod 600");
        }
    }
}

#[cfg(test)]
mod tests {
    use oidc_core::entropy::SystemEntropy;

    use super::*;

    #[test]
    fn a_key_is_made_once_with_mode_0600_and_read_ever_after() {
        let directory = tempfile::tempdir().expect("a directory");
        let (key, database) = (directory.path().join("k"), directory.path().join("d"));
        load_or_make(&key, &database, &SystemEntropy).expect("made");
        let first = fs::read(&key).expect("readable");
        fs::write(&database, "").expect("written");
        load_or_make(&key, &database, &SystemEntropy).expect("read");
        assert_eq!(fs::read(&key).expect("readable"), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&key).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 2);
    }

    #[test]
    fn a_lost_key_is_not_replaced_while_there_is_a_database() {
        let directory = tempfile::tempdir().expect("a directory");
        let (key, database) = (directory.path().join("k"), directory.path().join("d"));
        fs::write(&database, "").expect("written");
        let outcome = load_or_make(&key, &database, &SystemEntropy);
        assert!(matches!(outcome, Err(KeyFileError::Lost { .. })));
        assert!(!key.exists());
    }

    #[test]
    fn a_file_with_something_else_is_refused_and_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let (key, database) = (directory.path().join("k"), directory.path().join("d"));
        fs::write(&key, "canary").expect("written");
        let error = load_or_make(&key, &database, &SystemEntropy).expect_err("no key");
        assert!(!error.to_string().contains("canary"));
        assert_eq!(fs::read(&key).expect("readable"), b"canary");
    }

    #[test]
    fn processes_that_start_at_once_use_one_key() {
        let directory = tempfile::tempdir().expect("a directory");
        let key = directory.path().join("k");
        make(&key, b"first").expect("made");
        make(&key, b"second").expect("left alone");
        assert_eq!(fs::read(&key).expect("readable"), b"first");
    }
}
