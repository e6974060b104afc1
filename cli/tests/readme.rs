//! The README's tour is true: its commands run as they stand there, on ports that are free.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "commands/dev.rs"]
mod dev;

/// The commands of the tour, a line each; those that need hosts of their own are left out.
fn tour() -> Vec<String> {
    let readme = include_str!("../../README.md");
    let tour = readme.split("\n## A tour\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let indented = tour.replace("\\\n", " ");
    let lines = indented.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(str::to_owned).filter(|line| !line.starts_with("muster agent")).collect()
}

#[test]
fn every_command_of_the_tour_succeeds() {
    let dev = dev::Dev::start(&[]);
    let commands = tour();
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
