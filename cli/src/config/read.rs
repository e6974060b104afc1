//! From paths to one merged content: which files are read, in which order, and how a later one adds to an
//! earlier one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::shape::shape;

/// What all files say together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Merged {
    pub(super) value: Map<String, Value>,
    /// Keys that were taken and have no effect.
    pub(super) idle: Vec<String>,
    /// The file of each definition, in the order of the lists: of services, and of checks.
    pub(super) files: [Vec<Arc<str>>; 2],
}

/// Reads files and folders, in order; a folder's files in the order of their names.
///
/// # Errors
/// With the file's name, where one cannot be read or says what it may not.
pub(super) fn read(paths: &[PathBuf], format: Option<&str>) -> Result<Merged, String> {
    let mut merged = Merged::default();
    for path in paths {
        let unopened = |error: &std::io::Error| {
            let shown = path.display();
            format!("config: Open failed on {shown}. open {shown}: {}", crate::commands::plain(error))
        };
        let metadata = std::fs::metadata(path).map_err(|error| unopened(&error))?;
        if !metadata.is_dir() {
            add(&mut merged, path, format)?;
            continue;
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(|error| unopened(&error))? {
            let file = entry.map_err(|error| unopened(&error))?.path();
            if !file.is_dir() {
                files.push(file);
            }
        }
        files.sort();
        for file in files {
            add(&mut merged, &file, format)?;
        }
    }
    Ok(merged)
}

/// What one definition is called, and a list of them.
const LISTS: [(&str, &str); 2] = [("service", "services"), ("check", "checks")];

fn add(merged: &mut Merged, path: &Path, format: Option<&str>) -> Result<(), String> {
    let shown = path.display();
    let Some(format) = format.or_else(|| path.extension()?.to_str()).filter(|format| known(format)) else {
        eprintln!("skipping file {shown}, extension must be .hcl or .json, or config format must be set");
        return Ok(());
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("config: ReadFile failed on {shown}: {error}"))?;
    let content = parse(&text, format).map_err(|error| format!("failed to parse {shown}: {error}"))?;
    let shaped = shape(content).map_err(|error| format!("failed to parse {shown}: {error}"))?;
    let mut value = shaped.value;
    // One definition is a list of one: lists grow from file to file.
    let file: Arc<str> = shown.to_string().into();
    for ((one, many), files) in LISTS.into_iter().zip(&mut merged.files) {
        if let Some(single) = value.remove(one) {
            let list = value.entry(many).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(items) = list {
                items.insert(0, single);
            }
        }
        let defined = value.get(many).and_then(Value::as_array).map_or(0, Vec::len);
        files.extend(std::iter::repeat_n(file.clone(), defined));
    }
    merge(&mut merged.value, value);
    for key in shaped.idle {
        if !merged.idle.contains(&key) {
            merged.idle.push(key);
        }
    }
    Ok(())
}

/// Whether there is such a format.
pub(super) fn known(format: &str) -> bool {
    matches!(format, "hcl" | "json")
}

/// One file's content. Nothing at all is fine; JSON may stand in a file of HCL.
fn parse(text: &str, format: &str) -> Result<Map<String, Value>, String> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    if format == "json" || text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    muster_api::hcl::parse(text)
}

/// Later values replace, lists grow, groups are merged key by key.
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(held)), Value::Object(more)) => merge(held, more),
            (Some(Value::Array(held)), Value::Array(mut more)) => held.append(&mut more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn later_files_replace_and_lists_grow() {
        let folder = folder(&[
            (
                "b.hcl",
                "datacenter = \"two\"\nretry_join = [\"b\"]\nports {\n  dns = 2\n}\nservice {\n  name = \"web\"\n}\n",
            ),
            (
                "a.json",
                r#"{"datacenter":"one","retry_join":["a"],"ports":{"http":1},"services":[{"name":"db"}]}"#,
            ),
            ("c.json", ""),
            ("notes.txt", "not read"),
        ]);
        let merged = read(&[folder.path().to_owned()], None).unwrap();
        assert_eq!(
            Value::Object(merged.value),
            json!({"datacenter":"two","retry_join":["a","b"],"ports":{"http":1,"dns":2},
                "services":[{"name":"db"},{"name":"web"}]})
        );
        let [services, checks] = merged.files;
        let ends = |file: &Arc<str>, name: &str| file.ends_with(name);
        assert!(services.len() == 2 && ends(&services[0], "a.json") && ends(&services[1], "b.hcl"));
        assert!(checks.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_file() {
        let folder = folder(&[("bad.hcl", "foo = 1\n"), ("broken.json", "{bad")]);
        let error = |name: &str| read(&[folder.path().join(name)], None).unwrap_err();
        assert!(error("bad.hcl").contains("bad.hcl: 1 error occurred:\n\t* invalid config key foo"));
        assert!(error("broken.json").contains("failed to parse"));
        assert!(error("none.json").starts_with("config: Open failed on"));
    }
}
