//! Programs: real ones, in real processes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers of tests

mod common;

use common::{World, exec};
use grant::StepAt;
use model::{Digest, Program};
use targets::{Acted, Did, Secrets};

fn why(acted: &Acted) -> &str {
    acted.did.why().unwrap_or_default()
}

#[tokio::test]
async fn a_program_of_the_plan_runs_with_its_arguments_as_they_are() {
    let args = ["--force", "-rf", "$HOME; touch x", "*", "", "a b\nc", "ä"];
    let world = World::script("args", r#"printf '<%s>\n' "$@""#, &args, 20_000);
    let acted = world.act().await;
    assert_eq!(acted.did, Did::Succeeded);
    assert_eq!(acted.exit, Some(0));
    assert_eq!(acted.output.text(), "<--force>\n<-rf>\n<$HOME; touch x>\n<*>\n<>\n<a b\nc>\n<ä>\n");
    assert!(world.is_clean());
}

#[tokio::test]
async fn the_environment_is_ours_and_nothing_else() {
    let world = World::host("environment", "/usr/bin/env", &[]);
    let acted = world.act().await;
    let mut lines: Vec<&str> = acted.output.text().lines().collect();
    lines.sort_unstable();
    let key = world.grant.idempotency_key(StepAt::forward(0));
    let scratch = world.scratch.path().display().to_string();
    assert_eq!(lines.len(), 7, "{lines:?}");
    assert_eq!(lines[0], format!("EXQ_KEY={key}"));
    assert_eq!(lines[1], format!("EXQ_REVISION={}", "05".repeat(20)));
    assert_eq!(lines[2], format!("EXQ_RUN={}", world.grant.run()));
    assert_eq!(lines[3], "EXQ_STEP=step-0");
    assert!(lines[4].starts_with(&format!("HOME={scratch}/")) && lines[4].ends_with("/home"));
    assert_eq!(lines[5], "LANG=C.UTF-8");
    assert_eq!(lines[6], "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

#[tokio::test]
async fn it_works_in_a_private_read_only_copy_of_the_plans_files_with_an_empty_home() {
    let script = r#"stat -c %a . .. shop shop/run shop/data.txt other other/lib.sh "$HOME"
cat shop/data.txt; pwd; ls -A "$HOME"; echo x > "$HOME/x" && cat "$HOME/x""#;
    let world = World::script("workspace", script, &[], 20_000);
    let acted = world.act().await;
    let lines: Vec<&str> = acted.output.text().lines().collect();
    assert_eq!(lines[..8], ["500", "700", "500", "500", "400", "500", "400", "700"]);
    assert_eq!(lines[8], "data");
    assert!(lines[9].starts_with(world.scratch.path().to_str().unwrap()) && lines[9].ends_with("/files"));
    assert_eq!(lines[10..], ["x"]);
    assert!(world.is_clean());
}

#[tokio::test]
async fn both_outputs_are_kept_in_their_order_and_nothing_can_be_read() {
    let world = World::script("outputs", "echo 1; echo 2 >&2; echo 3; cat; echo 4 >&2", &[], 20_000);
    let acted = world.act().await;
    assert_eq!(acted.output.text(), "1\n2\n3\n4\n");
    assert_eq!((acted.output.bytes(), acted.output.truncated()), (8, false));
}

#[tokio::test]
async fn an_exit_code_is_told() {
    let acted = World::script("exit-7", "echo no; exit 7", &[], 20_000).act().await;
    assert_eq!(acted.did, Did::Failed { why: "ended with exit code 7".into() });
    assert_eq!((acted.exit, acted.touched), (Some(7), true));
    assert_eq!(acted.output.text(), "no\n");
}

#[tokio::test]
async fn a_signal_is_told() {
    let acted = World::script("signal", "kill -9 $$", &[], 20_000).act().await;
    assert_eq!(acted.did, Did::Failed { why: "was ended by signal 9".into() });
    assert_eq!(acted.exit, None);
}

#[tokio::test]
async fn a_missing_program_is_not_started() {
    let world = World::host("missing", "/nonexistent/program", &[]);
    let acted = world.act().await;
    assert!(why(&acted).starts_with("not started: /nonexistent/program: No such file"), "{acted:?}");
    assert!(matches!(acted.did, Did::Failed { .. }) && !acted.touched);
    assert!(world.is_clean());
}

#[tokio::test]
async fn a_file_that_is_no_program_is_not_started() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("text");
    std::fs::write(&path, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let acted = World::host("no-program", path.to_str().unwrap(), &[]).act().await;
    assert!(why(&acted).contains("Permission denied") && !acted.touched, "{acted:?}");
}

#[tokio::test]
async fn a_program_that_the_kernel_does_not_know_is_not_handed_to_a_shell() {
    let text = "echo a shell read this\n";
    let program = Program::Operations { path: "run".into(), sha256: Digest::of(text.as_bytes()) };
    let acted = World::new("no-shebang", vec![exec(program, &[], 20_000)], &[("run", text)]).act().await;
    assert!(why(&acted).contains("Exec format error") && !acted.touched, "{acted:?}");
    assert_eq!(acted.output.text(), "");
}

#[tokio::test]
async fn a_relative_program_of_the_host_is_not_started() {
    for path in ["sh", "bin/sh", "./sh", "../bin/sh", ""] {
        let acted = World::host("relative", path, &["-c", "true"]).act().await;
        assert!(matches!(acted.did, Did::Failed { .. }) && !acted.touched, "{path}");
    }
}

#[tokio::test]
async fn an_argument_that_can_not_be_passed_is_refused() {
    let acted = World::host("nul", "/usr/bin/env", &["a\0b"]).act().await;
    assert!(matches!(acted.did, Did::Failed { .. }) && !acted.touched);
}

#[tokio::test]
async fn a_program_whose_bytes_changed_is_refused() {
    let mut world = World::script("changed", "echo good", &[], 20_000);
    world.store.lie("#!/bin/sh\necho good\n", "#!/bin/sh\necho evil\n");
    let acted = world.act().await;
    assert!(why(&acted).contains("shop/run is not the approved file"), "{acted:?}");
    assert!(!acted.touched && acted.output.text().is_empty());
    assert!(world.is_clean());
}

#[tokio::test]
async fn a_file_beside_the_program_whose_bytes_changed_is_refused() {
    let mut world = World::script("changed-beside", "echo good", &[], 20_000);
    world.store.lie("true\n", "false\n");
    let acted = world.act().await;
    assert!(why(&acted).contains("other/lib.sh is not the approved file"), "{acted:?}");
    assert!(!acted.touched && world.is_clean());
}

#[tokio::test]
async fn a_program_that_is_no_file_of_the_plan_is_refused() {
    let text = "#!/bin/sh\n";
    let sha256 = Digest::of(text.as_bytes());
    for (path, sha256) in [("other", sha256), ("run", Digest::of(b"other")), ("../run", sha256)] {
        let program = Program::Operations { path: path.into(), sha256 };
        let acted = World::new("not-in-plan", vec![exec(program, &[], 20_000)], &[("run", text)]).act().await;
        assert!(why(&acted).contains("is not one of the plan's files") && !acted.touched, "{acted:?}");
    }
}

#[tokio::test]
async fn a_step_can_not_change_the_files_of_the_next() {
    let world =
        World::script("fresh", "cat shop/data.txt; chmod -R u+w .; echo evil > shop/data.txt", &[], 20_000);
    assert_eq!(world.act().await.output.text(), "data\n");
    assert_eq!(world.act().await.output.text(), "data\n");
    assert!(world.is_clean());
}

#[tokio::test]
async fn what_a_step_does_to_its_directory_does_not_keep_it_from_being_removed() {
    let script = r#"mkdir -p "$HOME/a/b"; echo x > "$HOME/a/b/c"; chmod 0 "$HOME/a/b" "$HOME/a"
ln -s / "$HOME/root"; chmod 0 shop ."#;
    let world = World::script("removed", script, &[], 20_000);
    assert_eq!(world.act().await.did, Did::Succeeded);
    assert!(world.is_clean());
    assert!(std::fs::exists("/etc").unwrap());
}

#[tokio::test]
async fn output_is_made_safe() {
    let script = r#"printf '\033[31mred\033[0m \342\200\256bidi \377 \007\r\nend \033]0;title\007.'"#;
    let acted = World::script("safe", script, &[], 20_000).act().await;
    assert_eq!(acted.output.text(), "red �bidi � �\nend .");
}

#[tokio::test]
async fn secrets_are_redacted_by_value() {
    let mut world = World::script("secret", "echo the token is hunter2.", &[], 20_000);
    world.secrets = Secrets::new([b"hunter2".to_vec()]);
    assert_eq!(world.act().await.output.text(), "the token is [redacted].\n");
}

#[tokio::test]
async fn an_action_that_the_plan_does_not_have_is_refused() {
    let world = World::script("no-action", "true", &[], 20_000);
    for at in [StepAt::forward(1), StepAt::undo(0), StepAt::forward(u32::MAX)] {
        let acted = targets::act(&world.grant, at, 1, &world.context()).await;
        assert!(matches!(acted.did, Did::Failed { .. }) && !acted.touched);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_programs_can_be_written_and_started_at_once() {
    let runs = (0..40).map(|n| {
        tokio::spawn(async move { World::script(&format!("many-{n}"), "echo ok", &[], 60_000).act().await })
    });
    for run in runs.collect::<Vec<_>>() {
        let acted = run.await.unwrap();
        assert_eq!((acted.did, acted.output.text()), (Did::Succeeded, "ok\n"));
    }
}

#[tokio::test]
async fn an_open_file_of_ours_is_not_inherited_even_without_the_flag() {
    let file = std::fs::File::open("/etc/hostname").unwrap();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    let acted = World::host("fds", "/bin/ls", &["-l", "/proc/self/fd"]).act().await;
    assert!(acted.output.text().contains("/dev/null"), "{}", acted.output.text());
    assert!(!acted.output.text().contains("hostname"), "{}", acted.output.text());
    // 0, 1, 2, and the directory that ls reads
    assert_eq!(acted.output.text().lines().filter(|line| line.contains(" -> ")).count(), 4);
}
