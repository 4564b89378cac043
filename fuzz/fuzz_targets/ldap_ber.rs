//! FZ-26: a message that is accepted reads the same when it is written again; depth and length
//! stay within their bounds, and the guard passes on nothing else.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oidc_connector_ldap::fuzzing::{
    Guard, MAX_DEPTH, MAX_FRAME, ServerMessage, check_frame, frame_length, start_tls_answered,
};

/// The deepest nesting by a recursive reading, independent of the one under test.
fn depth(mut bytes: &[u8], above: usize) -> usize {
    let mut deepest = above;
    while bytes.len() >= 2 && above <= MAX_DEPTH {
        let (start, length) = match bytes[1] {
            short @ 0..=0x7f => (2, usize::from(short)),
            long => {
                let octets = usize::from(long & 0x7f);
                let length = bytes[2..2 + octets]
                    .iter()
                    .fold(0, |length, octet| length << 8 | usize::from(*octet));
                (2 + octets, length)
            }
        };
        if bytes[0] & 0x20 != 0 {
            deepest = deepest.max(depth(&bytes[start..start + length], above + 1));
        }
        bytes = &bytes[start + length..];
    }
    deepest
}

fuzz_target!(|data: &[u8]| {
    if let Ok(Some(length)) = frame_length(data) {
        assert!(length <= MAX_FRAME);
    }
    if check_frame(data).is_ok() {
        assert!(depth(data, 0) <= MAX_DEPTH);
    }
    let _ = start_tls_answered(data);
    let decoded = ServerMessage::decode(data);
    if let Ok(message) = &decoded {
        check_frame(data).expect("an accepted message is well-formed");
        let written = message.encode();
        assert_eq!(ServerMessage::decode(&written).as_ref(), Ok(message));
        assert_eq!(frame_length(&written), Ok(Some(written.len())));
    }
    // A search with id 1 waits.
    let mut guard = Guard::default();
    guard
        .request(&[0x30, 5, 2, 1, 1, 0x63, 0])
        .expect("a search may be sent");
    if let Ok(Some(passed)) = guard.answer(data) {
        let message = decoded.expect("only what was read is passed on");
        assert_eq!(message.id, 1);
        assert_eq!(passed, message.encode());
    }
});
