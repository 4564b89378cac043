//! FZ-24: `sub` is injective over connector and upstream subject; decoding gives back what was
//! encoded, and only what encoding makes is decoded.
//!
//! Input: upstream subject, connector, upstream subject, connector, and a `sub`, a line each.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oidc_core::{claims::Subject, identity::UpstreamSubject, protocol::ConnectorId};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let lines: Vec<&str> = text.splitn(5, '\n').collect();
    let person = |at: usize| {
        let user = UpstreamSubject::parse(*lines.get(at)?).ok()?;
        let connector = ConnectorId::parse(*lines.get(at + 1)?).ok()?;
        Some((connector, user))
    };
    let (one, other) = (person(0), person(2));
    let encoded: Vec<_> = [&one, &other].into_iter().flatten().map(check).collect();
    if let [one_sub, other_sub] = &encoded[..] {
        assert_eq!(one_sub == other_sub, one == other);
    }
    if let Some(Ok(foreign)) = lines.get(4).map(|text| Subject::parse(*text))
        && let Some((connector, user)) = foreign.decode()
    {
        assert_eq!(Subject::public(&connector, &user), foreign);
    }
});

fn check(person: &(ConnectorId, UpstreamSubject)) -> Subject {
    let subject = Subject::public(&person.0, &person.1);
    assert!((1..=255).contains(&subject.as_str().len()));
    let read = Subject::parse(subject.as_str()).expect("our own");
    // Bytes of the message: two tags, two lengths (the upstream subject's may take two).
    let (user, connector) = (person.1.as_str().len(), person.0.as_str().len());
    let message = user + connector + 4 + usize::from(user >= 128);
    let plain = (message * 4).div_ceil(3) <= 255;
    assert_eq!(read.decode().as_ref(), plain.then_some(person));
    subject
}
