//! The README's tour is true: its commands run as they stand there, on ports that are free.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "commands/dev.rs"]
mod dev;

/// What is indented under a heading, a line each; commands that need hosts of their own are left out.
fn indented(heading: &str) -> Vec<String> {
    let readme = include_str!("../../README.md");
    let text = readme.split(&format!("\n## {heading}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let whole = text.replace("\\\n", " ");
    let lines = whole.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(str::to_owned).filter(|line| !line.starts_with("muster agent")).collect()
}

#[test]
fn every_command_of_the_tour_succeeds() {
    let dev = dev::Dev::start(&[]);
    let commands = indented("A tour");
    assert!(commands.len() >= 4, "the tour was not found: {commands:?}");
    for line in commands {
        let here = dev.on_our_ports(&line);
        // curl says nothing of a refusal by itself.
        let here = here.replace("curl ", "curl -sSf ");
        let output = dev.command("sh").args(["-c", &here]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.trim().is_empty(), "{line}\n{said}{complaint}");
        if line.starts_with("dig") {
            assert!(said.contains("NOERROR") && !said.contains("ANSWER: 0"), "{line}\n{said}");
        }
    }
}

/// What a line says but for times and ages.
fn without_times(line: &str) -> String {
    line.split(" since ").next().unwrap().to_owned()
}

#[test]
fn why_it_is_missing_is_said_as_it_stands_there() {
    let dev = dev::Dev::start(&[]);
    let (commands, shown): (Vec<String>, Vec<String>) =
        indented("Why is it missing?").into_iter().partition(|line| line.starts_with("muster "));
    assert!(commands.len() == 5 && shown.len() == 5, "{commands:?} {shown:?}");
    let run = |line: &str| dev.command("sh").args(["-c", line]).output().unwrap();
    for line in &commands {
        let output = run(line);
        // What the catalog has not been told of yet is said a moment later.
        if line.starts_with("muster why") {
            let said =
                || String::from_utf8_lossy(&run(line).stdout).lines().map(without_times).collect::<Vec<_>>();
            let expected: Vec<String> = shown.iter().map(|line| without_times(line)).collect();
            muster_test_process::until("it is said as it is shown", || said() == expected);
        } else {
            assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
