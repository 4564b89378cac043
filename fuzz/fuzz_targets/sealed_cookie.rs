//! FZ-20: an opened message was sealed by us for this purpose and context and has not expired; every single-byte change is refused.

#![no_main]

use std::{
    cell::Cell,
    sync::{Arc, LazyLock},
};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_core::{
    base64url,
    clock::UnixTime,
    crypto::AwsLcBackend,
    entropy::{Entropy, EntropyError},
    seal::{Opened, Purpose, SealRefusal, Sealer, SealingKeys},
    secret::Secret32,
    storage::IssuerTag,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    message: Message<'a>,
    purpose: u8,
    context: &'a [u8],
    now: u64,
    at: u16,
    by: u8,
}

#[derive(Arbitrary, Debug)]
enum Message<'a> {
    Text(&'a str),
    /// The frame of a message around any bytes.
    Bytes {
        key: u8,
        expiry: u64,
        salt: [u8; 32],
        sealed: &'a [u8],
    },
    Sealed {
        purpose: u8,
        context: &'a [u8],
        expiry: Option<u64>,
        salt: [u8; 32],
        plaintext: &'a [u8],
    },
}

/// Gives out the salt that the input asks for, so that sealing can be repeated.
#[derive(Debug)]
struct GivenSalt;

thread_local! {
    static SALT: Cell<[u8; 32]> = const { Cell::new([0; 32]) };
}

impl Entropy for GivenSalt {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.copy_from_slice(&SALT.get());
        Ok(())
    }
}

/// Two root keys, and their ids as they stand in messages.
static SEALERS: LazyLock<([Sealer; 2], [[u8; 4]; 2])> = LazyLock::new(|| {
    let root = |seed: u8| Secret32::from_bytes(std::array::from_fn(|at| seed + at as u8));
    let sealer = |roots: Vec<Secret32>| {
        Sealer::new(
            &SealingKeys::new(roots).unwrap(),
            IssuerTag::from_bytes([1; 8]),
            Arc::new(AwsLcBackend),
            Arc::new(GivenSalt),
        )
    };
    let sealers = [sealer(vec![root(1), root(2)]), sealer(vec![root(2)])];
    let id = |sealer: &Sealer| {
        let text = sealer.seal(Purpose::Flow, b"", None, b"").unwrap();
        base64url::decode(&text).unwrap()[1..5].try_into().unwrap()
    };
    let ids = [id(&sealers[0]), id(&sealers[1])];
    (sealers, ids)
});

fn purpose(choice: u8) -> Purpose {
    Purpose::ALL[usize::from(choice) % Purpose::ALL.len()]
}

fn text(message: &Message<'_>) -> String {
    let (sealers, ids) = &*SEALERS;
    match message {
        Message::Text(text) => (*text).to_owned(),
        Message::Bytes {
            key,
            expiry,
            salt,
            sealed,
        } => {
            let id = ids.get(usize::from(*key) % 3).unwrap_or(&[0; 4]);
            let frame = [&[1], id.as_slice(), &expiry.to_be_bytes(), salt, sealed];
            base64url::encode(&frame.concat())
        }
        Message::Sealed {
            purpose: choice,
            context,
            expiry,
            salt,
            plaintext,
        } => {
            SALT.set(*salt);
            let expiry = expiry.map(UnixTime::from_secs);
            sealers[usize::from(salt[0]) % 2]
                .seal(purpose(*choice), context, expiry, plaintext)
                .unwrap()
        }
    }
}

/// Only a holder of the root key seals the same again.
fn check_opened(input: &Input<'_>, text: &str, opened: &Opened) {
    let (sealers, _) = &*SEALERS;
    let bytes = base64url::decode(text).expect("not base64url");
    assert_eq!(
        base64url::encode(&bytes),
        text,
        "two spellings of one message"
    );
    SALT.set(bytes[13..45].try_into().unwrap());
    let again = sealers[usize::from(opened.old_key)]
        .seal(
            purpose(input.purpose),
            input.context,
            opened.expires_at,
            opened.plaintext.expose(),
        )
        .unwrap();
    assert_eq!(again, text, "opened what was not sealed here");
    if let Message::Sealed {
        purpose: sealed_for,
        context,
        plaintext,
        ..
    } = &input.message
    {
        assert_eq!(
            purpose(*sealed_for),
            purpose(input.purpose),
            "another purpose"
        );
        assert_eq!(*context, input.context, "another context");
        assert_eq!(*plaintext, opened.plaintext.expose(), "another plaintext");
    }
    assert!(
        opened
            .expires_at
            .is_none_or(|expiry| input.now < expiry.as_secs()),
        "expired"
    );
}

fuzz_target!(|input: Input<'_>| {
    let (sealers, _) = &*SEALERS;
    let text = text(&input.message);
    let now = UnixTime::from_secs(input.now);
    let open = |text: &str, now| sealers[0].open(purpose(input.purpose), input.context, text, now);
    let opened = open(&text, now);
    match (&opened, &input.message) {
        (Ok(opened), _) => check_opened(&input, &text, opened),
        // What was sealed for this use opens; nothing is lost but by time.
        (
            Err(refusal),
            Message::Sealed {
                purpose: sealed_for,
                context,
                expiry,
                ..
            },
        ) if purpose(*sealed_for) == purpose(input.purpose) && *context == input.context => {
            assert_eq!(*refusal, SealRefusal::Expired);
            assert!(expiry.is_some_and(|expiry| input.now >= expiry));
        }
        (Err(_), _) => {}
    }
    if opened.is_ok() {
        let at = usize::from(input.at) % text.len();
        let mut changed = text.clone().into_bytes();
        changed[at] = (changed[at] ^ input.by) & 0x7f;
        let changed = String::from_utf8(changed).unwrap();
        if changed != text {
            assert!(
                open(&changed, now).is_err(),
                "a changed message opens: {changed}"
            );
        }
        assert!(open(&text[..at], now).is_err(), "a cut message opens");
    }
});
