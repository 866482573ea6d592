//! Somebody at a browser: keeps cookies, fills in Keycloak's own pages.

use std::{collections::BTreeMap, time::Duration};

use url::{Url, form_urlencoded};

use crate::Error;

/// Pages that follow each other before something is wrong.
const MOST_PAGES: usize = 12;

/// A browser that keeps its cookies.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

/// A page with a form, or where the browser is sent.
enum Seen {
    Page(Url, String),
    Sent(Url),
}

impl Browser {
    pub(crate) fn new() -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(|error| Error::Machine(error.to_string()))?;
        Ok(Self { http, cookies: BTreeMap::new() })
    }

    pub(crate) async fn status(&self, url: &str) -> Option<u16> {
        Some(self.http.get(url).send().await.ok()?.status().as_u16())
    }

    /// Goes to Keycloak's page and signs in as somebody, with the password `NAME-pw`, until it is sent away from Keycloak; says
    /// where to.
    ///
    /// # Errors
    /// [`Error::Http`] if it isn't sent anywhere.
    pub async fn sign_in(&mut self, page: &str, name: &str) -> Result<String, Error> {
        let start = parse(page)?;
        let (home, mut asked) = (start.origin(), 0);
        let mut seen = self.get(start).await?;
        for _ in 0..MOST_PAGES {
            seen = match seen {
                Seen::Sent(to) if to.origin() != home => return Ok(to.into()),
                Seen::Sent(to) => self.get(to).await?,
                Seen::Page(at, html) if html.contains("name=\"password\"") && asked == 0 => {
                    asked += 1;
                    self.fill_in(&at, &html, &[("username", name), ("password", &format!("{name}-pw"))])
                        .await?
                }
                Seen::Page(at, html) => return Err(unknown(&at, &html)),
            };
        }
        Err(Error::Http { request: page.to_owned(), why: "too many pages".to_owned() })
    }

    /// Confirms a device's code as somebody, until Keycloak says that the device is connected.
    ///
    /// # Errors
    /// [`Error::Http`] if it doesn't.
    pub async fn connect_device(&mut self, page: &str, name: &str) -> Result<(), Error> {
        let mut seen = self.get(parse(page)?).await?;
        for _ in 0..MOST_PAGES {
            seen = match seen {
                Seen::Sent(to) => self.get(to).await?,
                Seen::Page(at, html) if html.contains("name=\"password\"") => {
                    self.fill_in(&at, &html, &[("username", name), ("password", &format!("{name}-pw"))])
                        .await?
                }
                Seen::Page(at, html) if html.contains("name=\"accept\"") => {
                    self.fill_in(&at, &html, &[("accept", "Yes")]).await?
                }
                Seen::Page(at, _) if at.path().ends_with("/device/status") => return Ok(()),
                Seen::Page(at, html) => return Err(unknown(&at, &html)),
            };
        }
        Err(Error::Http { request: page.to_owned(), why: "too many pages".to_owned() })
    }

    async fn fill_in(&mut self, at: &Url, html: &str, fields: &[(&str, &str)]) -> Result<Seen, Error> {
        let action = attribute(html, "action").ok_or_else(|| unknown(at, html))?;
        let action = at.join(&action).map_err(|error| Error::Machine(error.to_string()))?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        for input in html.split("<input").skip(1) {
            let input = input.split('>').next().unwrap_or_default();
            if let (true, Some(name)) = (input.contains("type=\"hidden\""), attribute(input, "name")) {
                form.append_pair(&name, &attribute(input, "value").unwrap_or_default());
            }
        }
        let body = form.extend_pairs(fields).finish();
        let request = self
            .http
            .post(action.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        self.see(action, request).await
    }

    async fn get(&mut self, url: Url) -> Result<Seen, Error> {
        let request = self.http.get(url.clone());
        self.see(url, request).await
    }

    async fn see(&mut self, url: Url, request: reqwest::RequestBuilder) -> Result<Seen, Error> {
        let failed = |why: String| Error::Http { request: url.path().to_owned(), why };
        let held: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("cookie", held.join("; "));
        let answer = request.send().await.map_err(|error| failed(error.to_string()))?;
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().ok().and_then(|text| text.split(';').next()?.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get("location").and_then(|to| to.to_str().ok()).map(str::to_owned);
        if let Some(to) = location {
            return url.join(&to).map(Seen::Sent).map_err(|error| failed(error.to_string()));
        }
        let html = answer.text().await.map_err(|error| failed(error.to_string()))?;
        Ok(Seen::Page(url, html))
    }
}

fn parse(page: &str) -> Result<Url, Error> {
    page.parse()
        .map_err(|error: url::ParseError| Error::Http { request: page.to_owned(), why: error.to_string() })
}

fn unknown(at: &Url, html: &str) -> Error {
    let text: String = html.split("<body").nth(1).unwrap_or(html).chars().take(1500).collect();
    Error::Http { request: at.path().to_owned(), why: format!("a page that isn't known: {text}") }
}

/// The value of an HTML attribute, the first of its name.
fn attribute(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("{name}=\""))?;
    Some(rest.split('"').next()?.replace("&amp;", "&"))
}
