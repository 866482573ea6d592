//! `workloads.yaml`: services and agents that a token of their platform lets in.

use crate::{
    Claim, ClaimIs, Workload,
    file::others::{ClaimFile, WorkloadFile, WorkloadKind, WorkloadsFile},
    read::{At, Reader},
};

/// The longest name, issuer, audience and text of a condition, in bytes.
const TEXT: usize = 255;
/// The longest path to a claim.
const PATH: usize = 8;

pub(super) fn workloads(file: WorkloadsFile, reader: &mut Reader) -> Vec<Workload> {
    file.0.into_iter().map(|(name, workload)| of(name, workload, reader)).collect()
}

fn of(name: At<String>, file: WorkloadFile, reader: &mut Reader) -> Workload {
    let WorkloadFile { issuer, audience, kind, when } = file;
    for (what, text) in [("name", &name), ("issuer", &issuer), ("audience", &audience)] {
        said(what, text, reader);
    }
    if !issuer.value.starts_with("https://") && !issuer.value.starts_with("http://") {
        reader.error(issuer.span, "an issuer is a URL, exactly as in its tokens");
    }
    if when.value.is_empty() {
        let hint = "say which of its tokens: when: [{ claim: [sub], equals: \"…\" }]";
        reader.error_hint(when.span, "without a condition it lets in everybody whom the issuer knows", hint);
    }
    Workload {
        name: name.value,
        issuer: issuer.value,
        audience: audience.value,
        is_agent: kind == WorkloadKind::Agent,
        when: when.value.into_iter().filter_map(|claim| condition(claim, reader)).collect(),
    }
}

fn condition(At { span, value }: At<ClaimFile>, reader: &mut Reader) -> Option<Claim> {
    let ClaimFile { claim, equals, one_of, begins } = value;
    if claim.value.is_empty() || claim.value.len() > PATH {
        reader.error(claim.span, format!("a claim is named by its path of 1 to {PATH} parts: [sub]"));
    }
    for part in &claim.value {
        said("part of a claim's path", part, reader);
    }
    let is = match (equals, one_of, begins) {
        (Some(text), None, None) => {
            said("text", &text, reader);
            ClaimIs::Equals(text.value)
        }
        (None, Some(all), None) => {
            if all.value.is_empty() {
                reader.error(all.span, "of an empty list it is never one");
            }
            for text in &all.value {
                said("text", text, reader);
            }
            ClaimIs::OneOf(all.value.into_iter().map(|text| text.value).collect())
        }
        (None, None, Some(text)) => {
            said("beginning", &text, reader);
            if text.value.len() < 2 || !text.value.ends_with([':', '/']) {
                let hint =
                    "repo:acme/shop: and not repo:acme/shop, which repo:acme/shop-evil begins with too";
                reader.error_hint(text.span, "a beginning ends in : or /", hint);
            }
            ClaimIs::Begins(text.value)
        }
        _ => {
            reader.error(span, "exactly one of equals, one_of and begins says how the claim has to be");
            return None;
        }
    };
    Some(Claim { path: claim.value.into_iter().map(|part| part.value).collect(), is })
}

fn said(what: &str, text: &At<String>, reader: &mut Reader) {
    if text.value.trim().is_empty() || text.value.len() > TEXT {
        reader.error(text.span, format!("a {what} has 1 to {TEXT} bytes"));
    }
}
