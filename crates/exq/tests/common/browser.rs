//! Somebody at a browser, signed in.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use devidp::DevIdp;
use reqwest::{Response, header};

use super::office::Office;

/// A browser that keeps cookies, and whose person picks themselves at the issuer.
pub(crate) struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
    server: String,
    idp: devidp::Browser,
    login: String,
}

impl Browser {
    /// Signed in.
    pub(crate) async fn signed_in(office: &Office, login: &str) -> Result<Self> {
        let http =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        let idp: &DevIdp = &office.idp;
        let mut browser = Self {
            http,
            cookies: BTreeMap::new(),
            server: format!("http://{}", office.stage.running()?.address),
            idp: idp.browser().clone(),
            login: login.to_owned(),
        };
        let away = browser.get("/sign-in").await?;
        let to = away.headers().get(header::LOCATION).context("no way to the issuer")?.to_str()?.to_owned();
        browser.come_back(&to).await?;
        Ok(browser)
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Result<Response> {
        let held: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(header::COOKIE, held.join("; ")).send().await?;
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            if let Some((name, value)) =
                cookie.to_str()?.split(';').next().and_then(|pair| pair.split_once('='))
            {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    /// Follows a link of ours.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Response> {
        let request = self.http.get(format!("{}{path}", self.server));
        self.send(request).await
    }

    /// Goes to the issuer, picks themselves, and comes back: where they are led then.
    async fn come_back(&mut self, to: &str) -> Result<String> {
        let back = self.idp.pick(to, &self.login).await?;
        let path = back.strip_prefix(&self.server).context("the issuer leads elsewhere")?.to_owned();
        let done = self.get(&path).await?;
        let status = done.status();
        let location =
            done.headers().get(header::LOCATION).and_then(|to| to.to_str().ok().map(str::to_owned));
        match location {
            Some(location) if status == 303 => Ok(location),
            _ => anyhow::bail!("{status}: {}", done.text().await?),
        }
    }

    /// Presses a button under a plan: status, and the page, or where it leads.
    pub(crate) async fn answer(&mut self, outcome: &str, plan: &str, answer: &str) -> Result<(u16, String)> {
        let form = format!("plan={plan}&answer={answer}");
        let request = self.http.post(format!("{}/consents/{outcome}", self.server)).body(form);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.send(request).await?;
        let status = answer.status().as_u16();
        match answer.headers().get("refresh") {
            Some(to) => Ok((status, to.to_str()?.trim_start_matches("0;url=").to_owned())),
            None => Ok((status, answer.text().await?)),
        }
    }

    /// Presses it, is asked by the issuer, and comes back.
    pub(crate) async fn consents(&mut self, outcome: &str, plan: &str, answer: &str) -> Result<()> {
        let (status, to) = self.answer(outcome, plan, answer).await?;
        ensure!(status == 200, "{status}: {to}");
        let led = self.come_back(&to).await?;
        ensure!(led == format!("/consents/{outcome}"), "{led}");
        Ok(())
    }
}
