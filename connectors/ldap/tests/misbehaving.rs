//! Directories that misbehave: each test names its row, the exact answer, and that the honest
//! directory still works for the same connector settings.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use oidc_connector_ldap::{
    GroupSearch, LdapConnector, UserMatcher,
    fuzzing::{ServerOperation, write},
};
use oidc_core::connector::{Connector as _, ConnectorError, Progress};
use support::{
    ALICE, Asked, PASSWORD, Say, Server, alice, alice_signs_in, assert_authenticated, assert_error,
    assert_invalid_credentials, assert_refused, bound, done, entry, honest, message, result,
    sign_in,
};

/// Answers searches for the person with `found`, binds honestly.
async fn searching(found: impl Fn(u32) -> Vec<Say> + Send + Sync + 'static) -> Server {
    Server::start(move |id, asked| match asked {
        Asked::Search { .. } => found(id),
        other => honest(id, other),
    })
    .await
}

/// Searches honestly, answers binds with `answer`.
async fn binding(answer: impl Fn(u32) -> Vec<Say> + Send + Sync + 'static) -> Server {
    Server::start(move |id, asked| match asked {
        Asked::Bind { .. } => answer(id),
        other => honest(id, other),
    })
    .await
}

async fn answer_of(server: &Server) -> Result<Progress, ConnectorError> {
    alice_signs_in(&server.connector()).await
}

const LOST: &str = "upstream unavailable: connection lost: premature end of search stream";

#[tokio::test]
async fn honest_directory_signs_in() {
    let server = Server::start(honest).await;
    let answer = answer_of(&server).await;
    assert_authenticated(&answer);
    let expected = Asked::Bind {
        name: ALICE.to_owned(),
        password: PASSWORD.as_bytes().to_vec(),
    };
    assert_eq!(server.asked().last(), Some(&expected));
}

/// LD-03
#[tokio::test]
async fn ld03_empty_and_nul_passwords_never_reach_the_wire() {
    let server = Server::start(honest).await;
    let connector = server.connector();
    for password in ["", "\0", "correct horse\0"] {
        assert_invalid_credentials(&sign_in(&connector, "alice", password).await);
    }
    assert_eq!(server.asked(), []);
    // White space is a password like any other: sent as typed.
    assert_invalid_credentials(&sign_in(&connector, "alice", "  ").await);
    assert_eq!(server.binds(), 1);
    assert_authenticated(&alice_signs_in(&connector).await);
}

/// LD-04, LD-10: nobody is bound as such an entry.
#[tokio::test]
async fn ld04_ld10_entries_without_name_or_outside_the_base_are_refused() {
    let outside = [
        "",
        "uid=alice,ou=admins,dc=example,dc=org",
        "ou=people,dc=example,dc=org",
        "dc=example,dc=org",
        "uid=alice\\,ou=people\\,dc=example\\,dc=org",
        "not a name",
    ];
    for dn in outside {
        // The base itself lies within the base; one level below it does not hold it.
        let server = searching(move |id| {
            vec![
                entry(
                    id,
                    dn,
                    &[("uid", &["alice"]), ("cn", &["A"]), ("mail", &["a@b"])],
                ),
                done(id),
            ]
        })
        .await;
        let mut config = server.config();
        config.user_search.scope = Some("one".to_owned());
        let answer = alice_signs_in(&LdapConnector::new(config).unwrap()).await;
        let text = "bad answer: the user search answered an entry without name or outside \
                    userSearch.baseDN";
        assert_error(&answer, text);
        assert_eq!(server.binds(), 0, "{dn}");
    }
}

/// LD-05: only result code 0 counts.
#[tokio::test]
async fn ld05_every_other_result_code_signs_nobody_in() {
    let server = binding(|id| vec![bound(id, 49)]).await;
    assert_invalid_credentials(&answer_of(&server).await);
    for code in [32, 48] {
        let server = binding(move |id| vec![bound(id, code)]).await;
        assert_invalid_credentials(&answer_of(&server).await);
    }
    for code in [19, 50, 53] {
        let server = binding(move |id| vec![bound(id, code)]).await;
        assert_refused(&answer_of(&server).await);
    }
    for (code, text) in [
        (1, "bad answer: bind as the end user: result code 1"),
        (
            8,
            "connector misconfigured: bind as the end user: result code 8: use startTLS or ldaps",
        ),
        (10, "bad answer: bind as the end user: result code 10"),
        (14, "bad answer: bind as the end user: result code 14"),
        (
            51,
            "upstream unavailable: bind as the end user: result code 51",
        ),
        (
            0x7fff_ffff,
            "bad answer: bind as the end user: result code 2147483647",
        ),
    ] {
        let server = binding(move |id| vec![bound(id, code)]).await;
        assert_error(&answer_of(&server).await, text);
    }
}

/// LD-05: success that comes with a referral, or with word of an expired password.
#[tokio::test]
async fn ld05_success_with_a_reservation_is_none() {
    let server = binding(|id| {
        let mut success = result(0);
        success.referrals = vec!["ldap://attacker.test/".to_owned()];
        vec![message(id, ServerOperation::Bind(success))]
    })
    .await;
    let text = "bad answer: bind as the end user: result code 10";
    assert_error(&answer_of(&server).await, text);
    for (oid, value) in [
        ("2.16.840.1.113730.3.4.4", &b"0"[..]),
        ("1.3.6.1.4.1.42.2.27.8.5.1", &[0x30, 3, 0x81, 1, 2]),
        ("1.3.6.1.4.1.42.2.27.8.5.1", b"unreadable"),
    ] {
        let server = binding(move |id| vec![bound_with_control(id, oid, value)]).await;
        assert_refused(&answer_of(&server).await);
    }
    // A mere warning of the time left is a success.
    let warning = &[0x30, 5, 0xa0, 3, 0x80, 1, 9];
    let server =
        binding(|id| vec![bound_with_control(id, "1.3.6.1.4.1.42.2.27.8.5.1", warning)]).await;
    assert_authenticated(&answer_of(&server).await);
}

fn bound_with_control(id: u32, oid: &str, value: &[u8]) -> Say {
    let mut control = Vec::new();
    write(&mut control, 4, oid.as_bytes());
    write(&mut control, 4, value);
    let mut list = Vec::new();
    write(&mut list, 0x30, &control);
    let mut body = vec![
        2,
        1,
        u8::try_from(id).unwrap(),
        0x61,
        7,
        10,
        1,
        0,
        4,
        0,
        4,
        0,
    ];
    write(&mut body, 0xa0, &list);
    let mut frame = Vec::new();
    write(&mut frame, 0x30, &body);
    Say::Bytes(frame)
}

/// LD-05: success for another request, for none, of another kind, or before the question.
#[tokio::test]
async fn ld05_answers_without_matching_request_are_refused() {
    let text = "bad answer: answer without a matching request";
    let server = binding(|id| vec![bound(id + 1, 0), bound(id, 49)]).await;
    assert_error(&answer_of(&server).await, text);
    let server = binding(|id| vec![bound(id + 1, 0)]).await;
    assert_error(&answer_of(&server).await, text);
    let server = binding(|_| vec![bound(0, 0)]).await;
    assert_error(&answer_of(&server).await, text);
    let server = binding(|id| vec![done(id)]).await;
    assert_error(&answer_of(&server).await, text);
    let server = binding(|id| vec![message(id, ServerOperation::Extended(result(0), None))]).await;
    assert_error(&answer_of(&server).await, text);
    let server = searching(|id| vec![bound(id, 0)]).await;
    assert_error(&answer_of(&server).await, text);
    assert_eq!(server.binds(), 0);
}

/// LD-05: a notice of disconnection between request and answer.
#[tokio::test]
async fn ld05_notice_of_disconnection_ends_the_login() {
    let notice = |code| {
        let name = Some("1.3.6.1.4.1.1466.20036".to_owned());
        message(0, ServerOperation::Extended(result(code), name))
    };
    let server = binding(move |id| vec![notice(52), bound(id, 0)]).await;
    let text = "upstream unavailable: the server disconnects: result code 52";
    assert_error(&answer_of(&server).await, text);
}

/// LD-06: nobody goes where a referral points; the password stays here.
#[tokio::test]
async fn ld06_referrals_are_never_followed() {
    let attacker = Server::start(honest).await;
    let uri = format!("ldap://{}/{ALICE}", attacker.address);
    let referred = {
        let uri = uri.clone();
        searching(move |id| {
            let mut elsewhere = result(10);
            elsewhere.referrals = vec![uri.clone()];
            vec![message(id, ServerOperation::Done(elsewhere))]
        })
        .await
    };
    assert_invalid_credentials(&answer_of(&referred).await);
    let bind_referred = binding(move |id| {
        let mut elsewhere = result(10);
        elsewhere.referrals = vec![uri.clone()];
        vec![message(id, ServerOperation::Bind(elsewhere))]
    })
    .await;
    let text = "bad answer: bind as the end user: result code 10";
    assert_error(&answer_of(&bind_referred).await, text);
    assert_eq!(attacker.asked(), []);
}

/// LD-09: two entries, an entry and a reference, or an answer cut short: never the first match.
#[tokio::test]
async fn ld09_ambiguous_users_are_refused_like_unknown_ones() {
    let second = "cn=alice,ou=people,dc=example,dc=org";
    let scripts: [fn(u32) -> Vec<Say>; 3] = [
        |id| {
            let other = entry(
                id,
                "cn=alice,ou=people,dc=example,dc=org",
                &[("uid", &["alice"])],
            );
            vec![alice(id), other, done(id)]
        },
        |id| {
            let elsewhere = vec!["ldap://elsewhere.test/".to_owned()];
            vec![
                alice(id),
                message(id, ServerOperation::Reference(elsewhere)),
                done(id),
            ]
        },
        |id| vec![alice(id), message(id, ServerOperation::Done(result(4)))],
    ];
    assert!(second.ends_with(support::BASE));
    for script in scripts {
        let server = searching(script).await;
        assert_invalid_credentials(&answer_of(&server).await);
        assert_eq!(server.binds(), 0);
    }
}

/// LD-12: no id, an empty one, two.
#[tokio::test]
async fn ld12_the_id_is_exactly_one_value() {
    for ids in [&[][..], &[""], &["alice", "alice2"]] {
        let server = searching(move |id| {
            let attributes = [("uid", ids), ("cn", &["A"][..]), ("mail", &["a@b"])];
            vec![entry(id, ALICE, &attributes), done(id)]
        })
        .await;
        let text = "bad answer: the entry must have exactly one value of uid";
        assert_error(&answer_of(&server).await, text);
    }
}

/// LD-13: attributes that are missing, unprintable, or sent in part.
#[tokio::test]
async fn ld13_unusable_attributes_are_refused() {
    let text = "bad answer: an entry lacks mail";
    let server = searching(|id| {
        vec![
            entry(id, ALICE, &[("uid", &["a"]), ("cn", &["A"])]),
            done(id),
        ]
    })
    .await;
    assert_error(&answer_of(&server).await, text);
    let server = searching(|id| {
        let attributes: &[(&str, &[&str])] =
            &[("uid", &["a"]), ("cn", &["A\nB"]), ("mail", &["a@b"])];
        vec![entry(id, ALICE, attributes), done(id)]
    })
    .await;
    assert_error(
        &answer_of(&server).await,
        "bad answer: cn is not printable text",
    );
    let server =
        searching(|id| vec![entry(id, ALICE, &[("uid;range=0-1", &["a"])]), done(id)]).await;
    assert_error(
        &answer_of(&server).await,
        "bad answer: the server sent only a range of uid",
    );
}

/// LD-16: bytes that are no message.
#[tokio::test]
async fn ld16_malformed_messages_end_the_connection() {
    let mut bomb = vec![0x30, 0];
    for _ in 0..10_000 {
        let mut outer = Vec::new();
        write(&mut outer, 0x30, &bomb);
        bomb = outer;
    }
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "unexpected tag",
        ),
        (bomb, "nested deeper than 16"),
        (vec![0x30, 0x80, 0, 0], "indefinite length"),
        (
            vec![0x30, 0x84, 0x80, 0, 0, 0],
            "length above 8388608 bytes",
        ),
        (vec![0x30, 0], "truncated element"),
        (vec![0x30, 3, 2, 1, 1], "truncated element"),
        (vec![0x30, 5, 2, 1, 0xff, 0x65, 0], "value out of range"),
        (vec![0x30, 5, 2, 1, 1, 0x65, 0], "truncated element"),
        (vec![0x30, 5, 2, 1, 1, 0x66, 0], "unexpected tag"),
    ];
    for (bytes, reason) in cases {
        let server = searching(move |_| vec![Say::Bytes(bytes.clone())]).await;
        let text = format!("bad answer: malformed message: {reason}");
        assert_error(&answer_of(&server).await, &text);
        assert_eq!(server.binds(), 0);
    }
}

/// LD-18: one budget for the whole login, however the server spends it.
#[tokio::test]
async fn ld18_silence_and_drip_end_at_the_deadline() {
    let scripts: [fn(u32) -> Vec<Say>; 3] = [
        |_| vec![Say::Silence],
        |id| vec![alice(id), Say::Silence],
        |_| vec![Say::Bytes(vec![0x30, 0x84, 0, 0x10]), Say::Silence],
    ];
    for script in scripts {
        let server = searching(script).await;
        let mut config = server.config();
        config.timeout = Duration::from_millis(200);
        let begun = Instant::now();
        let answer = alice_signs_in(&LdapConnector::new(config).unwrap()).await;
        assert_error(&answer, "upstream unavailable: no answer in time");
        assert!(begun.elapsed() < Duration::from_secs(2));
    }
}

/// LD-18: entries without end.
#[tokio::test]
async fn ld18_endless_entries_end_at_the_limit() {
    let server = searching(|id| (0..100_000).map(|_| alice(id)).collect()).await;
    assert_invalid_credentials(&answer_of(&server).await);
    assert_eq!(server.binds(), 0);
}

/// LD-18: a server that hangs up, and one that is not there.
#[tokio::test]
async fn ld18_lost_connections_are_unavailable() {
    let server = searching(|_| vec![Say::Hangup]).await;
    assert_error(&answer_of(&server).await, LOST);
    let connector = server.connector();
    drop(server);
    let answer = alice_signs_in(&connector).await;
    assert!(
        matches!(answer, Err(ConnectorError::Unavailable(_))),
        "{answer:?}"
    );
}

/// LD-18: a kept connection that died is replaced, once.
#[tokio::test]
async fn ld18_dead_kept_connections_are_replaced() {
    let searches = AtomicUsize::new(0);
    let server = Server::start(move |id, asked| match asked {
        Asked::Search { .. } if searches.fetch_add(1, Ordering::SeqCst) == 1 => vec![Say::Hangup],
        other => honest(id, other),
    })
    .await;
    let connector = server.connector();
    for _ in 0..3 {
        assert_authenticated(&alice_signs_in(&connector).await);
    }
}

/// LD-19: after the person's bind nothing more is said on that connection, and searches go on
/// under the service account.
#[tokio::test]
async fn ld19_user_binds_have_their_own_connection() {
    let connections = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&connections);
    let server = Server::behind(honest, move |tcp| {
        counted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Some(Box::new(tcp) as Box<dyn support::Stream>) })
    })
    .await;
    let connector = server.connector();
    for _ in 0..3 {
        assert_authenticated(&alice_signs_in(&connector).await);
    }
    // One for all searches, one for each bind.
    assert_eq!(connections.load(Ordering::SeqCst), 4);
}

/// LD-19: a search that was left before its end may still be answered, so nobody searches on its
/// connection again. One that ended, even without a person, leaves its connection to the next.
#[tokio::test]
async fn ld19_connections_of_searches_left_early_are_not_reused() {
    type Found = fn(u32) -> Vec<Say>;
    let left: Found = |id| vec![alice(id), alice(id), alice(id)];
    let left_then_ended: Found = |id| vec![alice(id), alice(id), done(id)];
    let ended: Found = |id| vec![done(id)];
    // The first search, and the connections of two logins: the second also binds.
    for (first, expected) in [(left, 3), (left_then_ended, 3), (ended, 2)] {
        let connections = std::sync::Arc::new(AtomicUsize::new(0));
        let counted = std::sync::Arc::clone(&connections);
        let searches = AtomicUsize::new(0);
        let script = move |id, asked: &Asked| match asked {
            Asked::Search { .. } if searches.fetch_add(1, Ordering::SeqCst) == 0 => first(id),
            other => honest(id, other),
        };
        let server = Server::behind(script, move |tcp| {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Some(Box::new(tcp) as Box<dyn support::Stream>) })
        })
        .await;
        let connector = server.connector();
        assert_invalid_credentials(&alice_signs_in(&connector).await);
        assert_eq!(server.binds(), 0);
        assert_authenticated(&alice_signs_in(&connector).await);
        assert_eq!(connections.load(Ordering::SeqCst), expected);
    }
}

/// Paging that never ends because pages are empty.
#[tokio::test]
async fn empty_pages_with_a_cookie_are_refused() {
    let server = searching(|id| {
        let mut value = Vec::new();
        write(&mut value, 0x30, &[2, 1, 0, 4, 1, b'c']);
        let mut control = Vec::new();
        write(&mut control, 4, b"1.2.840.113556.1.4.319");
        write(&mut control, 4, &value);
        let mut list = Vec::new();
        write(&mut list, 0x30, &control);
        let mut body = vec![
            2,
            1,
            u8::try_from(id).unwrap(),
            0x65,
            7,
            10,
            1,
            0,
            4,
            0,
            4,
            0,
        ];
        write(&mut body, 0xa0, &list);
        let mut frame = Vec::new();
        write(&mut frame, 0x30, &body);
        vec![Say::Bytes(frame)]
    })
    .await;
    let text = "bad answer: the answer cannot be used: an empty page that is not the last";
    assert_error(&answer_of(&server).await, text);
}

/// LD-06, LD-10, LD-15: groups are whole or an error.
#[tokio::test]
async fn ld15_group_searches_that_fail_are_errors_and_no_empty_lists() {
    type Answer = fn(u32) -> Vec<Say>;
    let cases: [(Answer, &str); 5] = [
        (
            |id| vec![message(id, ServerOperation::Done(result(1)))],
            "connector misconfigured: the search answered result code 1",
        ),
        (
            |id| vec![message(id, ServerOperation::Done(result(4)))],
            "bad answer: the server holds back groups, or there are too many",
        ),
        (
            |id| {
                let uri = vec!["ldap://elsewhere.test/".to_owned()];
                vec![message(id, ServerOperation::Reference(uri)), done(id)]
            },
            "bad answer: the group search was referred elsewhere",
        ),
        (
            |id| {
                vec![
                    entry(id, "cn=admins,dc=evil", &[("cn", &["admins"])]),
                    done(id),
                ]
            },
            "bad answer: a group outside groupSearch.baseDN",
        ),
        (
            |id| vec![entry(id, "cn=a,ou=groups,dc=example,dc=org", &[]), done(id)],
            "bad answer: a group must have exactly one value of cn, or name one in its DN",
        ),
    ];
    for (answer, text) in cases {
        let server = Server::start(move |id, asked| match asked {
            Asked::Search { base, .. } if base.starts_with("ou=groups") => answer(id),
            other => honest(id, other),
        })
        .await;
        let mut config = server.config();
        let mut groups = GroupSearch::default();
        groups.base_dn = "ou=groups,dc=example,dc=org".to_owned();
        groups.name_attr = Some("cn".to_owned());
        let mut matcher = UserMatcher::default();
        matcher.user_attr = "DN".to_owned();
        matcher.group_attr = "member".to_owned();
        groups.user_matchers = vec![matcher];
        config.group_search = Some(groups);
        let answer = alice_signs_in(&LdapConnector::new(config).unwrap()).await;
        assert_error(&answer, text);
    }
}

/// LD-22: neither the settings nor the connector print a password.
#[tokio::test]
async fn ld22_debug_shows_no_password() {
    let server = Server::start(honest).await;
    let mut config = server.config();
    config.bind_dn = "cn=issuer".to_owned();
    config.bind_pw = oidc_core::secret::Secret::new("hunter2");
    let shown = format!(
        "{config:?} {:?}",
        LdapConnector::new(config.clone()).unwrap()
    );
    assert!(!shown.contains("hunter2"));
    assert!(server.connector().refresh().is_some());
}
