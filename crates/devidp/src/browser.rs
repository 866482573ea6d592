//! Somebody at a browser, for tests and for a demo that plays by itself: goes where a page sends them, and picks.

use std::time::Duration;

use url::{Url, form_urlencoded};

use crate::Error;

/// No answer is awaited longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser without a memory: it keeps no cookies and follows nothing by itself.
#[derive(Clone, Debug)]
pub struct Browser(reqwest::Client);

impl Browser {
    /// A new one.
    ///
    /// # Errors
    /// [`Error::Browser`] when there can't be one.
    pub fn new() -> Result<Self, Error> {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .map(Self)
            .map_err(|why| failed("a browser", &why))
    }

    /// At an issuer's page, picks a person, and says where the issuer sends the browser then.
    ///
    /// # Errors
    /// [`Error::Browser`] if the page is no such page, or sends it nowhere.
    pub async fn pick(&self, page: &str, login: &str) -> Result<String, Error> {
        let wrong = |why: String| Error::Browser { what: "the issuer's page", why };
        let url = Url::parse(page).map_err(|why| wrong(why.to_string()))?;
        let shown = self.0.get(url.clone()).send().await.map_err(|why| failed("the issuer's page", &why))?;
        if let Some(location) = location(&shown) {
            return Ok(location);
        }
        if shown.status() != 200 {
            return Err(wrong(format!("status {}", shown.status())));
        }
        let mut fields: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        fields.push(("person".to_owned(), login.to_owned()));
        let mut action = url;
        action.set_query(None);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (status, to) = self.post(action.as_str(), &fields).await?;
        to.ok_or_else(|| wrong(format!("status {status}, and no way back")))
    }

    /// Posts a form; the status, and where it is sent.
    ///
    /// # Errors
    /// [`Error::Browser`] when nobody answers.
    pub async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Result<(u16, Option<String>), Error> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.0.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.map_err(|why| failed("a form", &why))?;
        Ok((answer.status().as_u16(), location(&answer)))
    }
}

fn location(answer: &reqwest::Response) -> Option<String> {
    answer.headers().get("location")?.to_str().ok().map(str::to_owned)
}

fn failed(what: &'static str, why: &reqwest::Error) -> Error {
    Error::Browser { what, why: why.to_string() }
}
