//! Accounts as NoteDb writes them.

/// `Gerrit User 1000001 <1000001@server-id>`
pub(crate) fn render(id: u32, server_id: &str) -> String {
    format!("Gerrit User {id} <{id}@{server_id}>")
}

/// The number in `… <N@…>`.
pub(crate) fn parse(text: &str) -> Option<u32> {
    let (_, tail) = text.rsplit_once('<')?;
    tail.split_once('@')?.0.parse().ok()
}
