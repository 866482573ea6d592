//! Accounts (`rest-api-accounts.html`).

use crate::encode::shorten;
use crate::http::Call;
use crate::info::{AccountId, AccountInfo, EmailInfo, GroupInfo};
use crate::{Answer, Client, Error, Result};

/// True if `email` is one of the account's own addresses, as the account was answered with `ALL_EMAILS`.
///
/// Gerrit's search is no proof: `email:X` matches prefixes, and `accounts/X` also takes names. The part behind the
/// last `@` is compared without regard to case (RFC 1035), the part before it exactly.
#[must_use]
pub fn own_address(account: &AccountInfo, email: &str) -> bool {
    account.email.iter().chain(&account.secondary_emails).any(|own| same_address(own, email))
}

fn same_address(left: &str, right: &str) -> bool {
    match (left.rsplit_once('@'), right.rsplit_once('@')) {
        (Some((name, host)), Some((other, other_host))) => {
            !name.is_empty() && name == other && host.eq_ignore_ascii_case(other_host)
        }
        _ => false,
    }
}

/// Accounts.
impl Client {
    /// The account that we are.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn own_account(&self) -> Result<Answer<AccountInfo>> {
        self.transport.json(Call::get(&["accounts", "self", "detail"])?).await
    }

    /// An account by its number, with the addresses that we may see. Never by name: that would also match others.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn account(&self, id: AccountId) -> Result<Answer<AccountInfo>> {
        self.transport.json(Call::get(&["accounts", &id.to_string(), "detail"])?).await
    }

    /// The accounts that **own** this address: what the search finds, less those whose own addresses don't equal it.
    /// Second addresses are found only with the capability View Secondary Emails. Inactive accounts are never found.
    ///
    /// # Errors
    /// [`Error::Unusable`]: an address that can't be asked for; [`Error::TooLarge`]: more matches than fit on a page,
    /// so that an owner might be missing.
    pub async fn accounts_by_email(&self, email: &str) -> Result<Answer<Vec<AccountInfo>>> {
        const PAGE: usize = 100;
        if !email.contains('@')
            || email.len() > 320
            || email.chars().any(|c| c.is_control() || c == '"' || c == '\\')
        {
            return Err(Error::Unusable { what: "a mail address".into(), name: shorten(email) });
        }
        let call = Call::get(&["accounts", ""])?
            .query("q", format!("email:\"{email}\""))
            .query("n", PAGE.to_string())
            .query("o", "DETAILS")
            .query("o", "ALL_EMAILS");
        let answer: Answer<Vec<AccountInfo>> = self.transport.json(call).await?;
        if answer.value.len() >= PAGE {
            return Err(Error::TooLarge { what: "the search for a mail address".into(), limit: PAGE as u64 });
        }
        Ok(answer.map(|found| found.into_iter().filter(|account| own_address(account, email)).collect()))
    }

    /// Our own addresses.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn own_emails(&self) -> Result<Answer<Vec<EmailInfo>>> {
        self.transport.json(Call::get(&["accounts", "self", "emails"])?).await
    }

    /// The groups that an account is effectively in, as far as we can see them.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn account_groups(&self, id: AccountId) -> Result<Answer<Vec<GroupInfo>>> {
        self.transport.json(Call::get(&["accounts", &id.to_string(), "groups"])?).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(email: &str, others: &[&str]) -> AccountInfo {
        let mut account: AccountInfo = serde_json::from_str("{\"_account_id\":1}").unwrap();
        account.email = Some(email.into());
        account.secondary_emails = others.iter().map(|&other| other.to_owned()).collect();
        account
    }

    #[test]
    fn an_address_is_own_only_if_it_is_equal() {
        let alice = account("alice@example.com", &["a.adams@example.org"]);
        assert!(own_address(&alice, "alice@EXAMPLE.com"));
        assert!(own_address(&alice, "a.adams@example.org"));
        for other in
            ["alice@example.co", "alice@example.com.evil.example", "Alice@example.com", "alice", "", "@"]
        {
            assert!(!own_address(&alice, other), "{other}");
        }
        assert!(!own_address(&account("@", &[]), "@"));
    }
}
