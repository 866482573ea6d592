//! How our cookies are written. With TLS they are `__Host-` cookies, which no other name of the same site can set.

/// How cookies are named and marked on this server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CookiePolicy {
    prefix: &'static str,
    suffix: String,
    secure: bool,
}

impl CookiePolicy {
    /// For a server that browsers reach over TLS: `__Host-`, `Secure`.
    #[must_use]
    pub const fn secure() -> Self {
        Self { prefix: "__Host-", suffix: String::new(), secure: true }
    }

    /// For a server on loopback without TLS. The port is part of the name, since browsers don't keep the cookies of ports
    /// apart.
    #[must_use]
    pub fn loopback(port: u16) -> Self {
        Self { prefix: "", suffix: format!("-{port}"), secure: false }
    }

    /// The session's cookie.
    #[must_use]
    pub fn session(&self) -> String {
        format!("{}exq-session{}", self.prefix, self.suffix)
    }

    /// The cookie that ties a sign-in to the browser that began it.
    #[must_use]
    pub fn sign_in(&self) -> String {
        format!("{}exq-sign-in{}", self.prefix, self.suffix)
    }

    /// A `Set-Cookie` value. `Lax`, so that it comes along when the provider sends the browser back. The value must be
    /// hexadecimal or empty.
    #[must_use]
    pub fn set(&self, name: &str, value: &str, max_age_s: i64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}")
    }

    /// A `Set-Cookie` value that takes a cookie away.
    #[must_use]
    pub fn forget(&self, name: &str) -> String {
        self.set(name, "", 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_tls_no_other_name_of_the_site_can_set_our_cookies() {
        let policy = CookiePolicy::secure();
        assert_eq!(
            policy.set(&policy.session(), "ab", 60),
            "__Host-exq-session=ab; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
        );
        let policy = CookiePolicy::loopback(8470);
        assert_eq!(
            policy.forget(&policy.sign_in()),
            "exq-sign-in-8470=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }
}
