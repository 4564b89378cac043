//! Password hashes: argon2id made and verified, bcrypt verified.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version, password_hash::phc};
use bcrypt::HashParts;
use oidc_core::{
    entropy::{Entropy, EntropyError, draw},
    secret::Secret,
};

/// Longest password in bytes; longer ones are refused, never cut.
pub const MAX_PASSWORD: usize = 1024;

/// What bcrypt reads of a password. Longer ones are refused: a cut password is another password.
const MAX_BCRYPT_PASSWORD: usize = 72;

/// argon2id memory for new hashes, in KiB: 19 MiB, with two passes and one lane the least that
/// OWASP's password storage cheat sheet asks for.
const MEMORY_KIB: u32 = 19 * 1024;
/// argon2id passes for new hashes.
const PASSES: u32 = 2;
/// argon2id lanes for new hashes.
const LANES: u32 = 1;
/// Output of new hashes in bytes.
const OUTPUT: usize = 32;

/// Most memory that a given hash may ask for, in KiB: 1 GiB, or one login could end the process.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
/// Most passes that a given hash may ask for.
const MAX_PASSES: u32 = 64;
/// Most lanes that a given hash may ask for.
const MAX_LANES: u32 = 16;
/// Cost range of accepted bcrypt hashes: below 10 is too weak, above 16 takes seconds.
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 10..=16;

/// Version 1.3 of argon2 as a PHC string spells it.
const ARGON2_VERSION: u32 = 19;

/// A password hash that is known to be well-formed and of bearable cost.
///
/// argon2id as a PHC string, or bcrypt with the prefixes `$2a$`, `$2b$`, `$2y$` and a cost of 10
/// to 16.
///
/// # Security
///
/// [`verify`](Self::verify) takes tens of milliseconds and 19 MiB: call it on a thread of its own,
/// as [`PasswordThreads`](crate::PasswordThreads) does. `Debug` shows kind and cost alone.
#[derive(Clone)]
pub struct PasswordHash {
    text: String,
    scheme: Scheme,
}

#[derive(Clone)]
enum Scheme {
    Argon2id {
        params: Params,
        salt: Vec<u8>,
        output: Vec<u8>,
    },
    Bcrypt {
        cost: u32,
    },
}

impl PasswordHash {
    /// Reads a hash as it stands in configuration or in a store.
    ///
    /// # Errors
    ///
    /// [`InvalidPasswordHash`] says what is wrong, without the hash.
    pub fn parse(text: &str) -> Result<Self, InvalidPasswordHash> {
        let scheme = if text.starts_with("$argon2") {
            parse_argon2id(text)?
        } else if text.starts_with("$2") {
            parse_bcrypt(text)?
        } else {
            return Err(InvalidPasswordHash("is neither argon2id nor bcrypt"));
        };
        Ok(Self {
            text: text.to_owned(),
            scheme,
        })
    }

    /// A hash that no password matches, of the cost of those that
    /// [`hash_password`] makes.
    #[must_use]
    pub fn decoy() -> Self {
        Self {
            text: String::new(),
            scheme: Scheme::Argon2id {
                params: default_params(),
                salt: vec![0; 16],
                output: Vec::new(),
            },
        }
    }

    /// A hash that no password matches, of the cost of this one.
    #[must_use]
    pub fn to_decoy(&self) -> Self {
        let mut decoy = self.clone();
        decoy.text = String::new();
        if let Scheme::Argon2id { salt, output, .. } = &mut decoy.scheme {
            salt.fill(0);
            output.clear();
        }
        decoy
    }

    /// The text to store, as it was read or made.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the hash costs less than those made today, so that the password should be set anew.
    #[must_use]
    pub const fn is_weak(&self) -> bool {
        match &self.scheme {
            Scheme::Argon2id { params, .. } => {
                params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES
            }
            Scheme::Bcrypt { .. } => false,
        }
    }

    /// Kind and cost in words, such as `bcrypt cost 10`: equal for hashes that take equally long.
    #[must_use]
    pub fn cost(&self) -> String {
        match &self.scheme {
            Scheme::Argon2id { params, .. } => format!(
                "argon2id m={},t={},p={}",
                params.m_cost(),
                params.t_cost(),
                params.p_cost()
            ),
            Scheme::Bcrypt { cost } => format!("bcrypt cost {cost}"),
        }
    }

    /// Whether `password` is what was hashed. The work depends on the hash alone, not on the
    /// password: one that is empty or too long costs as much as any other wrong one.
    #[must_use]
    pub fn verify(&self, password: &Secret) -> bool {
        let password = password.expose();
        let acceptable = !password.is_empty() && password.len() <= MAX_PASSWORD;
        let password = &password[..password.len().min(MAX_PASSWORD)];
        let matches = match &self.scheme {
            Scheme::Argon2id {
                params,
                salt,
                output,
            } => argon2id_matches(params, salt, output, password),
            Scheme::Bcrypt { cost } => bcrypt_matches(*cost, &self.text, password),
        };
        acceptable && matches
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({})", self.cost())
    }
}

const fn default_params() -> Params {
    // Params::new is const but fallible; these are its defaults, which a test compares.
    Params::DEFAULT
}

fn parse_argon2id(text: &str) -> Result<Scheme, InvalidPasswordHash> {
    const MALFORMED: InvalidPasswordHash = InvalidPasswordHash("is not a well-formed PHC string");
    if !text.starts_with("$argon2id$") {
        return Err(InvalidPasswordHash("must be argon2id, not another argon2"));
    }
    let hash = phc::PasswordHash::new(text).map_err(|_| MALFORMED)?;
    if hash.version != Some(ARGON2_VERSION) {
        return Err(InvalidPasswordHash("must be argon2id of version 19 (v=19)"));
    }
    let (Some(salt), Some(output)) = (hash.salt, hash.hash) else {
        return Err(InvalidPasswordHash("has no salt or no hash"));
    };
    let params = Params::try_from(&hash).map_err(|_| MALFORMED)?;
    if params.m_cost() > MAX_MEMORY_KIB
        || params.t_cost() > MAX_PASSES
        || params.p_cost() > MAX_LANES
    {
        return Err(InvalidPasswordHash(
            "asks for more than m=1048576 (1 GiB), t=64 or p=16",
        ));
    }
    if output.len() < 16 {
        return Err(InvalidPasswordHash("has fewer than 16 bytes of output"));
    }
    let salt: &[u8] = salt.as_ref();
    Ok(Scheme::Argon2id {
        params,
        salt: salt.to_vec(),
        output: output.as_bytes().to_vec(),
    })
}

fn parse_bcrypt(text: &str) -> Result<Scheme, InvalidPasswordHash> {
    if !["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|prefix| text.starts_with(prefix))
    {
        return Err(InvalidPasswordHash("is a bcrypt hash of a broken version"));
    }
    let parts: HashParts = text
        .parse()
        .map_err(|_| InvalidPasswordHash("is not a well-formed bcrypt hash"))?;
    let cost = parts.get_cost();
    if !BCRYPT_COSTS.contains(&cost) {
        return Err(InvalidPasswordHash(
            "is a bcrypt hash of a cost outside 10 to 16",
        ));
    }
    Ok(Scheme::Bcrypt { cost })
}

fn argon2id_matches(params: &Params, salt: &[u8], output: &[u8], password: &[u8]) -> bool {
    // A decoy has no output; it still makes one of its parameters' length.
    let mut computed = vec![0; params.output_len().unwrap_or(OUTPUT)];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let hashed = argon2.hash_password_into(password, salt, &mut computed);
    Secret::new(computed).ct_eq(output) && hashed.is_ok()
}

fn bcrypt_matches(cost: u32, text: &str, password: &[u8]) -> bool {
    // What bcrypt would cut is refused, but only after the same work.
    let head = &password[..password.len().min(MAX_BCRYPT_PASSWORD)];
    if text.is_empty() {
        // A decoy: the work without a hash to compare with.
        let _ = bcrypt::hash_with_salt(head, cost, [0; 16]);
        return false;
    }
    let matches = bcrypt::verify(head, text).unwrap_or(false);
    matches && password.len() <= MAX_BCRYPT_PASSWORD
}

/// Hashes a new password by argon2id: 19 MiB, two passes, one lane, 16 bytes of salt.
///
/// Takes tens of milliseconds.
///
/// # Errors
///
/// [`HashPasswordError`] if the password is empty or too long, or no salt can be drawn.
pub fn hash_password(
    password: &Secret,
    entropy: &dyn Entropy,
) -> Result<PasswordHash, HashPasswordError> {
    if password.is_empty() {
        return Err(HashPasswordError::Empty);
    }
    if password.expose().len() > MAX_PASSWORD {
        return Err(HashPasswordError::TooLong);
    }
    let salt: [u8; 16] = draw(entropy)?;
    let mut output = [0; OUTPUT];
    let params = default_params();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into(password.expose(), &salt, &mut output)
        .map_err(|_| HashPasswordError::OutOfMemory)?;
    let text = format!(
        "$argon2id$v={ARGON2_VERSION}$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
        encode(&salt),
        encode(&output),
    );
    Ok(PasswordHash {
        text,
        scheme: Scheme::Argon2id {
            params,
            salt: salt.to_vec(),
            output: output.to_vec(),
        },
    })
}

/// The PHC string format's "B64": standard alphabet without padding.
fn encode(bytes: &[u8]) -> String {
    use base64ct::{Base64Unpadded, Encoding};
    Base64Unpadded::encode_string(bytes)
}

/// A password hash cannot be used. The text says why and completes "the hash …".
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the hash {0}")]
pub struct InvalidPasswordHash(&'static str);

/// No hash was made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HashPasswordError {
    /// The password has no characters.
    #[error("the password is empty")]
    Empty,
    /// The password has more than [`MAX_PASSWORD`] bytes.
    #[error("the password has more than 1,024 bytes")]
    TooLong,
    /// The memory to hash with is not there.
    #[error("there is not enough memory to hash a password")]
    OutOfMemory,
    /// No salt could be drawn.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

#[cfg(test)]
mod tests;
