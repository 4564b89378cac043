//! What an end user reads when a flow does not go on, and how they start again.

use http::{HeaderValue, StatusCode, header};

use super::{
    front,
    pages::ErrorPage,
    response::{self, Answer},
    service::Inner,
};
use crate::{
    base64url,
    entropy::draw,
    flow::{FlowError, Problem, ProblemKind, Restart},
    protocol::{AuthorizationResponse, ErrorCode},
};

/// When even the page cannot be made.
pub(super) const PLAIN: &str = "Something went wrong on our side. Please try again in a moment.\n";

/// Turns the end of a flow into a response.
pub(super) fn answer(inner: &Inner, error: FlowError) -> Answer {
    let parts = inner.issuer.parts();
    match error {
        FlowError::Problem(problem) => problem_page(inner, &problem),
        FlowError::Redirect(answer) => redirect(inner, &answer),
        FlowError::TooLarge(request) => redirect(
            inner,
            &AuthorizationResponse::error(
                &request.redirect_uri,
                request.response_mode,
                (
                    ErrorCode::InvalidRequest,
                    "the request is too large: shorten state, nonce or scope",
                ),
                request.state.as_ref(),
                &parts.url,
            ),
        ),
        FlowError::Unavailable(reason) => {
            let id = correlation_id(inner);
            tracing::error!(%reason, correlation_id = %id, "a step could not be answered");
            let text = Text {
                status: StatusCode::SERVICE_UNAVAILABLE,
                title: "Please try again",
                message: "Something went wrong on our side. Try again in a moment.",
            };
            let mut answer = page(inner, &text, &id, None);
            let headers = answer.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            answer
        }
    }
}

fn redirect(inner: &Inner, answer: &AuthorizationResponse) -> Answer {
    front::respond(inner, answer)
        .unwrap_or_else(|| response::text(StatusCode::SERVICE_UNAVAILABLE, PLAIN))
}

struct Text {
    status: StatusCode,
    title: &'static str,
    message: &'static str,
}

fn problem_page(inner: &Inner, problem: &Problem) -> Answer {
    let id = match &problem.kind {
        ProblemKind::ConnectorFailed(id) => id.clone(),
        kind => {
            let id = correlation_id(inner);
            tracing::info!(problem = ?kind, correlation_id = %id, "a flow ended on a page");
            id
        }
    };
    let retry = problem.restart.as_ref().and_then(|restart| match restart {
        Restart::Again(request) => {
            let query = request.to_query();
            Some(inner.issuer.url().join(&format!("/auth?{query}")))
        }
        Restart::Client(redirect_uri) => redirect_uri.site(),
    });
    page(inner, &words(&problem.kind), &id, retry.as_deref())
}

fn page(inner: &Inner, text: &Text, id: &str, retry_url: Option<&str>) -> Answer {
    let mut page = ErrorPage::new(text.title, text.message, id);
    page.retry_url = retry_url;
    match inner.pages.error(&page) {
        Ok(page) => response::page(text.status, page),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            response::text(text.status, PLAIN)
        }
    }
}

/// One text for each kind; what the request or the upstream said is never in it.
fn words(kind: &ProblemKind) -> Text {
    let bad = StatusCode::BAD_REQUEST;
    let (status, title, message) = match kind {
        ProblemKind::Refused(refusal) => (bad, "This sign-in link is not valid", refusal.message()),
        ProblemKind::Malformed => (
            bad,
            "This page could not be read",
            "What your browser sent is not what this page expects.",
        ),
        ProblemKind::ClientDisabled => (
            StatusCode::FORBIDDEN,
            "This application is switched off",
            "Signing in to this application is not possible at the moment.",
        ),
        ProblemKind::UnknownFlow => (
            bad,
            "This sign-in is not open here",
            "It was started in another browser, or too long ago, or your browser does not keep \
             cookies.",
        ),
        ProblemKind::Expired => (
            bad,
            "This sign-in took too long",
            "For your safety a sign-in must be finished within a short time.",
        ),
        ProblemKind::Answered => (
            bad,
            "This sign-in is already finished",
            "It was answered before, perhaps in another tab. Nothing was done a second time.",
        ),
        ProblemKind::OutOfStep => (
            bad,
            "This page is out of date",
            "The sign-in has moved on since this page was opened.",
        ),
        ProblemKind::NoConnector => (
            bad,
            "This way to sign in is not available",
            "The application asks for a way to sign in that is not offered here.",
        ),
        ProblemKind::Denied => (
            StatusCode::FORBIDDEN,
            "You cannot sign in here",
            "Your account may not be used for this. Your administrator can tell you why.",
        ),
        ProblemKind::ConnectorFailed(_) => (
            StatusCode::BAD_GATEWAY,
            "The sign-in service did not answer",
            "The place where your account is kept could not be reached. Try again in a moment.",
        ),
    };
    Text {
        status,
        title,
        message,
    }
}

fn correlation_id(inner: &Inner) -> String {
    draw::<6>(&*inner.issuer.parts().entropy)
        .map_or_else(|_| "-".to_owned(), |bytes| base64url::encode(&bytes))
}
