//! Where a call goes: checked, resolved once, and then always there.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use reqwest::{Client, redirect::Policy};
use url::{Host, Url};

use crate::Limits;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(3);

/// How many addresses of a name are tried.
const ADDRESSES: usize = 16;

/// The URL, if it is one to call.
pub(super) fn check(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|why| format!("the URL can't be read: {why}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the URL is neither http nor https".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL has a user or a password in it".to_owned());
    }
    if url.fragment().is_some() {
        return Err("the URL has a fragment, which is never sent".to_owned());
    }
    if literal(&url).is_some_and(barred) {
        return Err(format!("{}: such an address is never called", place(&url)));
    }
    Ok(url)
}

/// Scheme and authority: what a reason may name of a URL.
pub(super) fn place(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// A client that knows this one place, and resolves nothing any more: no name can lead it elsewhere between two tries.
pub(super) async fn client(url: &Url, limits: &Limits) -> Result<Client, String> {
    let builder = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_gzip()
        .http1_only()
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT.min(limits.try_timeout))
        .timeout(limits.try_timeout)
        .user_agent(concat!("exequatur/", env!("CARGO_PKG_VERSION")));
    let builder = match url.host() {
        Some(Host::Domain(name)) => builder.resolve_to_addrs(name, &resolve(name, url).await?),
        _ => builder,
    };
    builder.build().map_err(|why| format!("no HTTP client can be made: {why}"))
}

async fn resolve(name: &str, url: &Url) -> Result<Vec<SocketAddr>, String> {
    let port = url.port_or_known_default().unwrap_or_default();
    let found = tokio::net::lookup_host((name, port)).await;
    let found: Vec<_> =
        found.map_err(|why| format!("the name can't be resolved: {why}"))?.take(ADDRESSES).collect();
    if found.iter().any(|address| barred(address.ip())) {
        return Err("the name leads to an address that is never called".to_owned());
    }
    if found.is_empty() { Err("the name has no address".to_owned()) } else { Ok(found) }
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// Addresses that are no service of anybody: above all those at which clouds hand out credentials to whoever asks.
fn barred(address: IpAddr) -> bool {
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let address = address.to_canonical();
    let local = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6 == METADATA,
    };
    local || address.is_unspecified() || address.is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_urls_are_called() {
        for good in ["http://127.0.0.1:8080/version", "https://shop.example/a?b=c", "http://[::1]:80/"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "file:///etc/passwd",
            "ftp://shop.example/",
            "shop.example",
            "http://",
            "http://user@shop.example/",
            "http://:secret@shop.example/",
            "http://shop.example/#a",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_that_hand_out_credentials_are_never_called() {
        for bad in [
            "http://169.254.169.254/latest/meta-data",
            "http://0xa9fea9fe/",
            "http://[::ffff:169.254.169.254]/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::1]/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://224.0.0.1/",
        ] {
            assert!(check(bad).unwrap_err().contains("never called"), "{bad}");
        }
    }

    #[test]
    fn a_reason_names_scheme_and_authority_only() {
        let url = check("https://shop.example:8443/a/b?token=hunter2").unwrap();
        assert_eq!(place(&url), "https://shop.example:8443");
    }
}
