//! Each gate alone shuts out; all open let in.

use super::*;

fn open_gates() -> Witnesses {
    Witnesses {
        client: Standing::default(),
        connector_allowed: true,
        connector: Standing::default(),
        user: Some(Standing::default()),
        consent_epoch: 0,
        session_ended: false,
    }
}

#[test]
fn open_gates_let_in() {
    assert_eq!(check_standing(&grant(), &open_gates()), Ok(()));
}

#[test]
fn each_gate_alone_shuts_out() {
    let disabled = Standing::new(0, true);
    let raised = Standing::new(1, false);
    let open = open_gates();
    let cases = [
        (
            Witnesses {
                client: disabled,
                ..open
            },
            StandingRefusal::Client,
        ),
        (
            Witnesses {
                client: raised,
                ..open
            },
            StandingRefusal::Client,
        ),
        (
            Witnesses {
                connector_allowed: false,
                ..open
            },
            StandingRefusal::Connector,
        ),
        (
            Witnesses {
                connector: disabled,
                ..open
            },
            StandingRefusal::Connector,
        ),
        (
            Witnesses {
                connector: raised,
                ..open
            },
            StandingRefusal::Connector,
        ),
        (Witnesses { user: None, ..open }, StandingRefusal::User),
        (
            Witnesses {
                user: Some(disabled),
                ..open
            },
            StandingRefusal::User,
        ),
        (
            Witnesses {
                user: Some(raised),
                ..open
            },
            StandingRefusal::User,
        ),
        (
            Witnesses {
                consent_epoch: 1,
                ..open
            },
            StandingRefusal::Consent,
        ),
    ];
    for (witnesses, refusal) in cases {
        assert_eq!(
            check_standing(&grant(), &witnesses),
            Err(refusal),
            "{witnesses:?}"
        );
    }
}

#[test]
fn a_grant_that_is_not_live_is_refused_first() {
    for status in [GrantStatus::Refused, GrantStatus::Revoked] {
        let grant = Grant { status, ..grant() };
        assert_eq!(
            check_standing(&grant, &open_gates()),
            Err(StandingRefusal::NotLive)
        );
    }
}

/// OIDC Core section 11
#[test]
fn offline_access_outlives_the_session_and_nothing_else_does() {
    let ended = Witnesses {
        session_ended: true,
        ..open_gates()
    };
    assert_eq!(check_standing(&grant(), &ended), Ok(()));
    let online = Grant {
        scope: Scope::parse("openid").unwrap(),
        ..grant()
    };
    assert_eq!(
        check_standing(&online, &ended),
        Err(StandingRefusal::Session)
    );
}
