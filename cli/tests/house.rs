//! The house rules that a machine can check: headers, lengths, names, and who may know whom.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

/// Names that say nothing of what is inside.
const DRAWERS: [&str; 5] = ["util", "common", "helper", "manager", "misc"];
const LONGEST: usize = 600;

/// What a room must never be able to do, by what it would need for it.
const BANNED: &[(&str, &[&str])] = &[
    ("registry", &["tokio", "rand", "serde_json", "axum", "reqwest", "openraft", "rocksdb"]),
    ("api", &["tokio", "axum", "reqwest", "openraft", "rocksdb"]),
    ("dns", &["axum", "reqwest", "openraft", "rocksdb", "serde_json"]),
];

/// The rooms that stand, and our own crates that each may import, as ARCHITECTURE.md has them. A room that is not
/// there may import none.
fn arrows() -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
        let room = cells.next()?.strip_suffix("/`")?.to_owned();
        let allowed = cells.nth(1)?.split(',').map(str::trim).filter(|name| *name != "–");
        Some((room, allowed.map(str::to_owned).collect()))
    };
    let table = text.lines().skip_while(|line| !line.starts_with("| room |")).skip(2);
    table.map_while(row).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn members() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let line = manifest.lines().find(|line| line.starts_with("members")).unwrap().to_owned();
    let names = line.split('"').skip(1).step_by(2).map(str::to_owned);
    names.filter(|name| !name.starts_with("third-party")).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for member in members() {
        sources(&root().join(member), &mut found);
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// The names of the dependencies under one heading of a manifest.
fn dependencies(room: &str, heading: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(room).join("Cargo.toml")).unwrap();
    let lines = text.lines().skip_while(|line| line.trim() != heading).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let name = |line: &str| line.split(['.', '=', ' ']).next().unwrap_or_default().trim().to_owned();
    lines.map(name).filter(|name| !name.is_empty() && !name.starts_with('#')).collect()
}

#[test]
fn each_file_says_what_it_is_for_and_is_short_enough_to_read() {
    let mut faults = Vec::new();
    for path in all_sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        if !text.starts_with("//! ") {
            faults.push(format!("{}: begin with //! and say what the file is for", path.display()));
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            faults.push(format!("{}: {lines} lines; cut it, {LONGEST} are the most", path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_name_is_a_drawer() {
    let mut faults = Vec::new();
    for path in all_sources() {
        let inside = path.strip_prefix(root()).unwrap();
        let bad = |name: &str| DRAWERS.iter().any(|drawer| name.trim_end_matches(".rs").starts_with(drawer));
        if inside.components().any(|part| bad(&part.as_os_str().to_string_lossy())) {
            faults.push(format!("{}: name it for what is inside", inside.display()));
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let line = line.trim_start();
            let line = line.strip_prefix("pub ").or_else(|| line.strip_prefix("pub(crate) ")).unwrap_or(line);
            if let Some(module) = line.strip_prefix("mod ")
                && bad(module.trim_end_matches([';', '{', ' ']))
            {
                faults.push(format!("{}: module {module}", inside.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_manifests_hold_the_arrows() {
    let (mut faults, arrows) = (Vec::new(), arrows());
    for room in members() {
        let Some((_, allowed)) = arrows.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("{room}: a new room; write its arrows into ARCHITECTURE.md"));
            continue;
        };
        for name in dependencies(&room, "[dependencies]") {
            if let Some(ours) = name.strip_prefix("muster-")
                && !allowed.iter().any(|name| name == ours)
            {
                faults.push(format!("{room} imports {ours}: the arrows allow {allowed:?}"));
            }
            if BANNED.iter().any(|(of, banned)| *of == room && banned.contains(&&*name)) {
                faults.push(format!("{room} imports {name}: it must not be able to do that"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn versions_stand_in_the_root_alone() {
    for room in members() {
        for heading in ["[dependencies]", "[dev-dependencies]"] {
            let text = std::fs::read_to_string(root().join(&room).join("Cargo.toml")).unwrap();
            let lines = text.lines().skip_while(|line| line.trim() != heading).skip(1);
            for line in lines.take_while(|line| !line.starts_with('[')).filter(|line| line.contains('=')) {
                assert!(line.contains("workspace = true"), "{room}: {line}: versions stand in the root");
            }
        }
    }
}
