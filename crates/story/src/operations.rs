//! The files of the operations project.

use crate::town::Source;

/// The program that rolls a revision out. It may be repeated: where the shop serves that revision already, nothing happens.
pub(crate) const SWITCH: &str = r#"#!/bin/sh
# switch REVISION ROOT PORT SERVE: makes the shop in ROOT serve REVISION, by one atomic change of the link ROOT/current,
# and starts the shop's server SERVE on PORT anew. Waits as long as there is a file ROOT/held; fails half-way with the
# revision that ROOT/unwell names.
set -eu
revision=$1 root=$2 port=$3 serve=$4
case $revision in
  ''|*[!0-9a-f]*) echo "no revision: $revision" >&2; exit 2 ;;
esac
while [ -e "$root/held" ]; do sleep 0.05; done
mkdir -p "$root/releases/$revision"
printf '%s\n' "$revision" > "$root/releases/$revision/REVISION"
ln -sfn "releases/$revision" "$root/.next"
mv -T "$root/.next" "$root/current"
echo "$revision" >> "$root/switched"
if [ -e "$root/unwell" ] && [ "$(cat "$root/unwell")" = "$revision" ]; then
  echo "the shop is unwell with $revision" >&2
  exit 1
fi
if [ -f "$root/pid" ]; then
  old=$(cat "$root/pid")
  kill "$old" 2>/dev/null || true
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 "$old" 2>/dev/null || break
    sleep 0.05
  done
fi
setsid env -i PATH="$PATH" "$serve" demo-shop --root "$root" --port "$port" </dev/null >/dev/null 2>&1 &
echo "the shop is switched to $revision"
"#;

/// The operation of one project.
pub(crate) fn operation(source: &Source) -> String {
    let Source { shop, server, project, .. } = source;
    format!(
        r#"operation: {shop}-web
title: Roll out the {shop}
mode: enforce
trigger: {{ merged: {{ server: {server}, project: {project}, branch: main }} }}
review: {{ people: 1 }}
environments:
  prod: {{ targets: {shop}-hosts }}
steps:
  - id: switch
    exec:
      run: [./shop/switch, "{{{{ revision }}}}", "{{{{ target.root }}}}", "{{{{ target.port }}}}", "{{{{ target.serve }}}}"]
      timeout: 30s
      idempotent: true
    undo:
      run: [./shop/switch, "{{{{ before.revision }}}}", "{{{{ target.root }}}}", "{{{{ target.port }}}}", "{{{{ target.serve }}}}"]
  - id: healthy
    http: {{ get: "{{{{ target.url }}}}/version", expect: {{ json: {{ revision: "{{{{ revision }}}}" }} }}, within: 20s }}
on_failure: undo
newer: replaces
"#
    )
}

/// `targets.yaml`
pub(crate) fn targets(shops: &[(&str, String, u16)], serve: &str) -> String {
    let mut text = String::new();
    for (project, root, port) in shops {
        text.push_str(&format!(
            "{project}-hosts:\n  - {{ name: {project}-1, url: \"http://127.0.0.1:{port}\", root: \"{root}\", port: \"{port}\", serve: \"{serve}\" }}\n"
        ));
    }
    text
}

/// `links.yaml`
pub(crate) fn links(people: &[(&str, Vec<(&str, u64)>)]) -> String {
    let mut text = String::new();
    for (name, accounts) in people {
        let accounts: Vec<_> =
            accounts.iter().map(|(server, account)| format!("{server}: [{account}]")).collect();
        text.push_str(&format!("- {{ person: {name}, accounts: {{ {} }} }}\n", accounts.join(", ")));
    }
    text
}

/// `baselines.yaml`
pub(crate) fn baselines(sources: &[Source]) -> String {
    sources
        .iter()
        .map(|Source { shop, server, project, head }| {
            format!(
                "- operation: {shop}-web\n  environment: prod\n  server: {server}\n  project: {project}\n  branch: main\n  \
                 revision: \"{head}\"\n  reason: \"the empty beginning\"\n"
            )
        })
        .collect()
}
