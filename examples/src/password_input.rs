//! Reads a password from standard input, without echo from a terminal.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use oidc_connector_local::MAX_PASSWORD;
use oidc_core::secret::Secret;
use zeroize::Zeroizing;

/// Reads one line; prompts on standard error if somebody types it.
///
/// # Errors
///
/// [`io::Error`] if nothing can be read.
pub fn read(prompt: &str) -> io::Result<Secret> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return read_line(&mut stdin.lock());
    }
    let mut stderr = io::stderr();
    write!(stderr, "{prompt}")?;
    stderr.flush()?;
    let echo = WithoutEcho::start()?;
    let line = read_line(&mut stdin.lock());
    drop(echo);
    writeln!(stderr)?;
    line
}

/// One line without its line break; one byte more than the longest password is read, so that a
/// longer one is noticed.
fn read_line(input: &mut impl BufRead) -> io::Result<Secret> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD + 3));
    input
        .take(MAX_PASSWORD as u64 + 3)
        .read_until(b'\n', &mut line)?;
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    Ok(Secret::new(line.as_slice()))
}

/// The terminal without echo; with it again when dropped.
struct WithoutEcho {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

impl WithoutEcho {
    #[cfg(unix)]
    fn start() -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self { before })
    }

    #[cfg(not(unix))]
    fn start() -> io::Result<Self> {
        Ok(Self {})
    }
}

impl Drop for WithoutEcho {
    fn drop(&mut self) {
        #[cfg(unix)]
        {
            use rustix::termios::{OptionalActions, tcsetattr};
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_read_without_its_break() {
        for (input, password) in [
            ("secret\n", "secret"),
            ("secret\r\n", "secret"),
            ("secret", "secret"),
            (" spaces kept \nnext\n", " spaces kept "),
            ("", ""),
        ] {
            let read = read_line(&mut input.as_bytes()).expect("read");
            assert_eq!(read.expose(), password.as_bytes());
        }
    }

    #[test]
    fn a_longer_password_than_allowed_stays_longer() {
        let longest = "x".repeat(MAX_PASSWORD);
        let read = read_line(&mut format!("{longest}\n").as_bytes()).expect("read");
        assert_eq!(read.expose().len(), MAX_PASSWORD);
        let read = read_line(&mut format!("{longest}xy\n").as_bytes()).expect("read");
        assert!(read.expose().len() > MAX_PASSWORD);
    }
}
