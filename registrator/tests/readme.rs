//! Every row of the tables beside the well-known registrator names a test that there is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn each_row_names_a_test_that_there_is() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    for folder in ["src", "../cli/src/commands", "../cli/tests/containers"] {
        sources(&here.join(folder), &mut code);
    }
    let readme = std::fs::read_to_string(here.join("README.md")).unwrap();
    let tables = readme.split("## Beside the well-known registrator").nth(1).unwrap();
    let rows = tables.lines().filter(|line| line.starts_with("| ") && !line.ends_with("| test |"));
    let (mut checked, mut faults) = (0, Vec::new());
    for row in rows {
        let cell = row.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap();
        let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        let is_there = |name: &&str| {
            ["", "    "].iter().any(|indent| code.contains(&format!("#[test]\n{indent}fn {name}(")))
        };
        if names.is_empty() || !names.iter().all(is_there) {
            faults.push(row);
        }
        checked += 1;
    }
    assert!(checked > 40, "only {checked} rows were found");
    assert!(faults.is_empty(), "no such test:\n{}", faults.join("\n"));
}
