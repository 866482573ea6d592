//! `ls-refs` and `fetch`.

use std::fmt;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use notedb::ObjectId;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Response};
use tempfile::SpooledTempFile;

use super::pkt::{Decoder, Encoder, Packet};
use crate::encode::{Path, clean, shorten};
use crate::http::{Transport, header, network, not_gerrit, refusal};
use crate::{Client, Error, Result};

const AGENT: &str = concat!("agent=exequatur-gerrit/", env!("CARGO_PKG_VERSION"));
const REQUEST: &str = "application/x-git-upload-pack-request";
const RESULT: &str = "application/x-git-upload-pack-result";
/// More wants or haves in one request are refused: it has one round.
const MAX_LINES: usize = 100_000;

/// Git over the client's kept connections.
#[derive(Clone)]
pub struct GitHttp {
    transport: Arc<Transport>,
}

/// A pack as it came: in memory, or in an unnamed file if it is large.
pub struct Pack {
    pub(crate) data: SpooledTempFile,
    /// Its length in bytes.
    pub bytes: u64,
}

impl Client {
    /// Git, as the same account on the same connections.
    #[must_use]
    pub fn git(&self) -> GitHttp {
        GitHttp { transport: self.transport.clone() }
    }
}

impl GitHttp {
    /// The refs that we can see and whose names begin with one of `prefixes`, in the server's order.
    ///
    /// # Errors
    /// [`Error::NotFound`]: no such project, or not visible; [`Error::TooLarge`]; [`Error::Git`].
    pub async fn ls_refs(&self, project: &str, prefixes: &[&str]) -> Result<Vec<(String, ObjectId)>> {
        let mut request = command("ls-refs");
        for prefix in prefixes {
            line(&mut request, "ref-prefix", prefix)?;
        }
        let mut stream = self.ask(project, request).await?;
        let mut refs = Vec::new();
        loop {
            match stream.next().await? {
                Packet::Data(data) => {
                    if let Some(found) = parse_ref(&data).map_err(|why| stream.broken(why))?
                        && prefixes.iter().any(|prefix| found.0.starts_with(prefix))
                    {
                        refs.push(found);
                    }
                    if refs.len() > self.transport.limits.refs {
                        return Err(Error::TooLarge {
                            what: stream.what,
                            limit: self.transport.limits.refs as u64,
                        });
                    }
                }
                Packet::Flush => return Ok(refs),
                Packet::Delimiter | Packet::ResponseEnd => return Err(stream.broken("an unexpected packet")),
            }
        }
    }

    /// The pack that brings `wants` to somebody who has `haves` and all that these lead to. It may be thin: deltas
    /// may lean on objects of `haves`.
    ///
    /// # Errors
    /// [`Error::Gone`]: a want is not (or no longer) reachable for us; [`Error::NotFound`]: no such project, or not
    /// visible; [`Error::TooLarge`]; [`Error::Git`].
    pub async fn fetch(&self, project: &str, wants: &[ObjectId], haves: &[ObjectId]) -> Result<Pack> {
        if wants.len() + haves.len() > MAX_LINES {
            return Err(Error::TooLarge {
                what: format!("fetch from {}", shorten(project)),
                limit: MAX_LINES as u64,
            });
        }
        let mut request = command("fetch");
        for option in ["thin-pack", "no-progress", "ofs-delta"] {
            request.line(option);
        }
        for want in wants {
            request.line(&format!("want {want}"));
        }
        for have in haves {
            request.line(&format!("have {have}"));
        }
        request.line("done");
        let mut stream = self.ask(project, request).await?;
        stream.skip_to_pack().await?;
        let limits = self.transport.limits;
        let mut pack = Pack { data: SpooledTempFile::new(limits.pack_memory_bytes), bytes: 0 };
        loop {
            match stream.next().await? {
                Packet::Data(data) => match data.split_first() {
                    Some((1, part)) => {
                        pack.bytes += part.len() as u64;
                        if pack.bytes > limits.pack_bytes {
                            return Err(Error::TooLarge { what: stream.what, limit: limits.pack_bytes });
                        }
                        pack.data.write_all(part).map_err(|error| stream.broken(&error.to_string()))?;
                    }
                    Some((2, _)) => {}
                    Some((3, said)) => return Err(stream.refused(said)),
                    _ => return Err(stream.broken("a packet of no known band")),
                },
                Packet::Flush => break,
                Packet::Delimiter | Packet::ResponseEnd => return Err(stream.broken("an unexpected packet")),
            }
        }
        pack.data.seek(SeekFrom::Start(0)).map_err(|error| stream.broken(&error.to_string()))?;
        Ok(pack)
    }

    async fn ask(&self, project: &str, request: Encoder) -> Result<Stream> {
        let mut segments: Vec<&str> = project.split('/').collect();
        segments.push("git-upload-pack");
        let path = Path::new(&segments)?;
        let what = format!("POST {}", path.as_str());
        let response = self
            .transport
            .request(Method::POST, path.as_str(), &[])?
            .header("Git-Protocol", "version=2")
            .header(CONTENT_TYPE, REQUEST)
            .header(ACCEPT, RESULT)
            .timeout(self.transport.timeouts.fetch)
            .body(request.finish())
            .send()
            .await
            .map_err(|error| network(&what, &error, false))?;
        if !response.status().is_success() {
            return Err(match refusal(what, response, false).await {
                // Over git, Gerrit answers so for a project that is not there or that we can't see.
                Error::Forbidden { what, message } if message.ends_with("unavailable") => {
                    Error::NotFound { what }
                }
                error => error,
            });
        }
        let content_type = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
        if content_type != RESULT {
            return Err(not_gerrit(what, &content_type, &[]));
        }
        Ok(Stream { what, response, decoder: Decoder::default() })
    }
}

impl fmt::Debug for GitHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHttp").field("base_url", &self.transport.base().as_str()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pack").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// An answer that is being read.
struct Stream {
    what: String,
    response: Response,
    decoder: Decoder,
}

impl Stream {
    async fn next(&mut self) -> Result<Packet> {
        loop {
            match self.decoder.next().map_err(|why| self.broken(why))? {
                Some(Packet::Data(data)) if data.starts_with(b"ERR ") => {
                    return Err(self.refused(data.get(4..).unwrap_or_default()));
                }
                Some(packet) => return Ok(packet),
                None => {}
            }
            match self.response.chunk().await.map_err(|error| network(&self.what, &error, false))? {
                Some(chunk) => self.decoder.feed(&chunk),
                None => {
                    return Err(Error::Interrupted {
                        what: self.what.clone(),
                        why: "it ended before its end was said".into(),
                        may_have_acted: false,
                    });
                }
            }
        }
    }

    /// Skips the sections before the pack.
    async fn skip_to_pack(&mut self) -> Result<()> {
        loop {
            match self.next().await? {
                Packet::Data(data) if data.trim_ascii_end() == b"packfile" => return Ok(()),
                Packet::Data(_) | Packet::Delimiter => {}
                Packet::Flush | Packet::ResponseEnd => {
                    return Err(self.broken("there is no pack in the answer"));
                }
            }
        }
    }

    fn broken(&self, why: &str) -> Error {
        Error::Git { what: self.what.clone(), why: why.to_owned() }
    }

    /// The server said no in the middle of its answer.
    fn refused(&self, said: &[u8]) -> Error {
        let why = clean(String::from_utf8_lossy(said).trim(), 300);
        let gone = ["not valid", "not our ref", "unknown object", "missing"]
            .iter()
            .any(|word| why.to_ascii_lowercase().contains(word));
        if gone {
            Error::Gone { what: self.what.clone(), why }
        } else {
            Error::Git { what: self.what.clone(), why }
        }
    }
}

fn command(name: &str) -> Encoder {
    let mut request = Encoder::default();
    request.line(&format!("command={name}"));
    request.line(AGENT);
    request.line("object-format=sha1");
    request.delimiter();
    request
}

fn line(request: &mut Encoder, key: &str, value: &str) -> Result<()> {
    if value.len() > 4096 || value.chars().any(char::is_control) {
        return Err(Error::Unusable { what: "a ref".into(), name: shorten(value) });
    }
    request.line(&format!("{key} {value}"));
    Ok(())
}

/// `<id> <name>[ <attribute>…]`; `None` for an unborn one.
pub(super) fn parse_ref(line: &[u8]) -> std::result::Result<Option<(String, ObjectId)>, &'static str> {
    let text =
        std::str::from_utf8(line).map_err(|_| "the name of a ref is not UTF-8")?.trim_end_matches('\n');
    let mut parts = text.split(' ');
    let (id, name) = (parts.next().unwrap_or_default(), parts.next().ok_or("a line names no ref")?);
    if id == "unborn" {
        return Ok(None);
    }
    let id = ObjectId::from_hex(id.as_bytes()).ok_or("a ref points at nothing that can be")?;
    Ok(Some((name.to_owned(), id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_ls_refs_is_an_id_and_a_name() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let (name, found) =
            parse_ref(format!("{id} HEAD symref-target:refs/heads/main\n").as_bytes()).unwrap().unwrap();
        assert_eq!((name.as_str(), found.to_string().as_str()), ("HEAD", id));
        assert_eq!(parse_ref(b"unborn HEAD symref-target:refs/heads/main\n"), Ok(None));
        for bad in ["", "abc refs/heads/x", id] {
            assert!(parse_ref(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
