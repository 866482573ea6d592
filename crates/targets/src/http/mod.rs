//! Calls over HTTP, until the answer is as expected or the time is over.

mod call;
mod expect;
mod pin;

use std::time::Duration;

use grant::{StepAt, VerifiedGrant};
use model::{Http, Method};
use tokio::time::{Instant, sleep, timeout_at};

use self::{call::Call, pin::place};
use crate::{Acted, Context, SafeOutput};

/// Waits between tries: the first try is at once, then 50 ms, doubled up to a second.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How a try ended.
enum Tried {
    /// As expected.
    Fits,
    /// The server answered something else.
    Differs(String),
    /// Nothing was sent.
    NotSent(String),
    /// It may have been sent; what came of it is not known.
    Lost(String),
}

/// Calls. A `POST` is repeated only as long as nothing of it was sent.
pub(crate) async fn act(grant: &VerifiedGrant, at: StepAt, http: &Http, context: &Context<'_>) -> Acted {
    let deadline = Instant::now() + Duration::from_millis(http.within_ms);
    let url = match pin::check(&http.url) {
        Ok(url) => url,
        Err(why) => return Acted::refused(why),
    };
    let place = place(&url);
    let mut call = Call::new(url, http, grant.idempotency_key(at), context.limits);
    let reads = matches!(http.method, Method::Get);
    let once = matches!(http.method, Method::Post);
    let (mut touched, mut wait, mut tries) = (false, FIRST_WAIT, 0_u32);
    loop {
        tries += 1;
        let end = deadline.min(Instant::now() + context.limits.try_timeout);
        let tried = timeout_at(end, call.attempt()).await;
        let (sent, lost, why) = match tried.unwrap_or_else(|_| Tried::Lost("no answer in time".to_owned())) {
            Tried::Fits => return Acted::succeeded().with(None, said(tries, "as expected", context)),
            Tried::NotSent(why) => (false, false, why),
            Tried::Differs(why) => (true, false, why),
            Tried::Lost(why) => (true, true, why),
        };
        touched |= sent && !reads;
        let output = said(tries, &why, context);
        if once && sent {
            let why = format!("{place}: {why}");
            let acted = if lost { Acted::unknown(why) } else { Acted::failed(why) };
            return acted.with(None, output);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left < FIRST_WAIT {
            let within_ms = http.within_ms;
            let why =
                format!("{place}: not as expected within {within_ms} ms; of {tries} tries the last: {why}");
            return Acted { touched, ..Acted::failed(why) }.with(None, output);
        }
        sleep(wait.min(left / 2)).await;
        wait = (2 * wait).min(LONGEST_WAIT);
    }
}

/// What is kept as the step's output: no body of an answer.
fn said(tries: u32, last: &str, context: &Context<'_>) -> SafeOutput {
    SafeOutput::of_text(&format!("tries: {tries}; the last: {last}\n"), context.secrets)
}
