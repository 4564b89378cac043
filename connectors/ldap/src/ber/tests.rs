use super::*;

fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..depth {
        let mut outer = Vec::new();
        write(&mut outer, SEQUENCE, &bytes);
        bytes = outer;
    }
    bytes
}

/// LD-16: depth at the bound and one past it.
#[test]
fn nesting_is_bounded() {
    assert_eq!(check_frame(&nested(MAX_DEPTH)), Ok(()));
    assert_eq!(check_frame(&nested(MAX_DEPTH + 1)), Err(BerError::TooDeep));
    assert_eq!(check_frame(&nested(10_000)), Err(BerError::TooDeep));
}

/// LD-16: a whole message of the largest size, and one byte more.
#[test]
fn frame_length_is_bounded() {
    let header = |content: usize| {
        let mut bytes = vec![SEQUENCE, 0x84];
        bytes.extend_from_slice(&u32::try_from(content).unwrap().to_be_bytes());
        bytes
    };
    assert_eq!(frame_length(&header(MAX_FRAME - 6)), Ok(Some(MAX_FRAME)));
    assert_eq!(frame_length(&header(MAX_FRAME - 5)), Err(BerError::TooLong));
    assert_eq!(frame_length(&header(0x8000_0000)), Err(BerError::TooLong));
    assert_eq!(
        frame_length(&[SEQUENCE, 0x85, 0, 0, 0, 0, 1]),
        Err(BerError::TooLong)
    );
}

/// LD-16
#[test]
fn indefinite_length_is_refused() {
    assert_eq!(
        frame_length(&[SEQUENCE, 0x80, 0, 0]),
        Err(BerError::IndefiniteLength)
    );
    assert_eq!(
        check_frame(&[SEQUENCE, 4, SEQUENCE, 0x80, 0, 0]),
        Err(BerError::IndefiniteLength)
    );
}

/// LD-16
#[test]
fn only_a_sequence_begins_a_message() {
    assert_eq!(frame_length(&[]), Ok(None));
    assert_eq!(frame_length(&[SEQUENCE]), Ok(None));
    assert_eq!(frame_length(&[SEQUENCE, 0x82, 1]), Ok(None));
    assert_eq!(frame_length(&[SET]), Err(BerError::UnexpectedTag));
    assert_eq!(frame_length(b"HTTP"), Err(BerError::UnexpectedTag));
}

/// LD-16
#[test]
fn truncated_and_trailing_bytes_are_refused() {
    assert_eq!(
        check_frame(&[SEQUENCE, 3, OCTET_STRING, 2, 0]),
        Err(BerError::Truncated)
    );
    assert_eq!(check_frame(&[SEQUENCE, 0, 0]), Err(BerError::TrailingBytes));
    assert_eq!(check_frame(&[]), Err(BerError::Truncated));
    assert_eq!(
        check_frame(&[SEQUENCE, 1, OCTET_STRING]),
        Err(BerError::Truncated)
    );
    assert_eq!(check_frame(&[0x3f, 0x21, 0]), Err(BerError::UnexpectedTag));
}

/// LD-16: negative, empty and oversize integers.
#[test]
fn integers_have_a_range() {
    let read = |content| {
        Element {
            tag: INTEGER,
            content,
        }
        .unsigned()
    };
    assert_eq!(read(&[0x7f, 0xff, 0xff, 0xff]), Ok(0x7fff_ffff));
    assert_eq!(read(&[0, 0, 0, 0, 5]), Ok(5));
    assert_eq!(read(&[0, 0x80, 0, 0, 0]), Err(BerError::OutOfRange));
    assert_eq!(read(&[0xff]), Err(BerError::OutOfRange));
    assert_eq!(read(&[]), Err(BerError::OutOfRange));
    assert_eq!(read(&[0; 9]), Err(BerError::OutOfRange));
}

#[test]
fn written_values_read_back() {
    for value in [
        0,
        1,
        127,
        128,
        255,
        256,
        32_767,
        32_768,
        8_388_608,
        0x7fff_ffff,
    ] {
        let mut bytes = Vec::new();
        write_unsigned(&mut bytes, INTEGER, value);
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.expect(INTEGER).unwrap().unsigned(), Ok(value));
        reader.end().unwrap();
    }
    for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
        let mut bytes = Vec::new();
        write(&mut bytes, OCTET_STRING, &vec![7; length]);
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.expect(OCTET_STRING).unwrap().content.len(), length);
        reader.end().unwrap();
    }
}
