//! `muster watch`: one answer printed, or a command run with every answer that differs from the one before.

use std::process::Stdio;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::Failure;
use super::http::{HttpFlags, key_path, segment};
use crate::commands::out::say;

/// After a failure; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(180);

/// What stands behind the `?`.
type Parameters = Vec<(&'static str, String)>;

/// Flags of `muster watch`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// The key, for `key`.
    #[arg(long, default_value = "")]
    key: String,
    /// Only instances that pass, for `service`.
    #[arg(long, default_value = "false")]
    passingonly: String,
    /// The prefix, for `keyprefix`.
    #[arg(long, default_value = "")]
    prefix: String,
    /// The service, for `service` and `checks`.
    #[arg(long, default_value = "")]
    service: String,
    /// Run the command by the shell; `-shell=false` runs it as it is.
    #[arg(long, default_value = "true", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    shell: String,
    /// The state, for `checks`.
    #[arg(long, default_value = "")]
    state: String,
    /// A tag, for `service`; may be repeated.
    #[arg(long)]
    tag: Vec<String>,
    /// key, keyprefix, services, nodes, service or checks.
    #[arg(long = "type", default_value = "")]
    kind: String,
    /// The command to run, with its arguments.
    #[arg(value_name = "CHILD")]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let (path, query) = question(&flags)?;
    if flags.words.is_empty() {
        let (value, _) = ask(&flags, &path, &query, 0).await.map_err(Failure::Said)?;
        say!("{}", indented(&value).map_err(Failure::Said)?);
        return Ok(());
    }
    let (mut index, mut last, mut pause) = (0, None, FIRST_PAUSE);
    loop {
        match ask(&flags, &path, &query, index).await {
            Ok((value, at)) => {
                pause = FIRST_PAUSE;
                // An index that ran back belongs to another state: begin anew.
                index = if at < index { 0 } else { at };
                if last.as_ref() != Some(&value) {
                    call_child(&flags, &value, at).await?;
                    last = Some(value);
                }
            }
            Err(error) => {
                eprintln!("{error}, retry in {pause:?}");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                index = 0;
            }
        }
    }
}

/// What is to be asked; the refusals are in Consul's words.
fn question(flags: &Flags) -> Result<(String, Parameters), Failure> {
    let said = |text: String| Err(Failure::Said(text));
    let mut query = Vec::new();
    let path = match flags.kind.as_str() {
        "" => return said("Watch type must be specified".into()),
        "key" if flags.key.is_empty() => return said("Must specify a single key to watch".into()),
        "key" => key_path(&flags.key),
        "keyprefix" if flags.prefix.is_empty() => {
            return said("Must specify a single prefix to watch".into());
        }
        "keyprefix" => {
            query.push(("recurse", String::new()));
            key_path(&flags.prefix)
        }
        "services" => "/v1/catalog/services".into(),
        "nodes" => "/v1/catalog/nodes".into(),
        "service" if flags.service.is_empty() => {
            return said("Must specify a single service to watch".into());
        }
        "service" => {
            match flags.passingonly.as_str() {
                "true" | "1" => query.push(("passing", "1".into())),
                "false" | "0" | "" => {}
                other => {
                    return said(format!("Failed to parse passingonly: {other:?} is neither true nor false"));
                }
            }
            query.extend(flags.tag.iter().map(|tag| ("tag", tag.clone())));
            format!("/v1/health/service/{}", segment(&flags.service))
        }
        "checks" => match (flags.service.as_str(), flags.state.as_str()) {
            ("", "") => "/v1/health/state/any".into(),
            ("", state) => format!("/v1/health/state/{}", segment(state)),
            (service, "") => format!("/v1/health/checks/{}", segment(service)),
            _ => return said("Cannot specify service and state".into()),
        },
        "event" => return said("-type event: events are not there yet".into()),
        other => return said(format!("Unsupported watch type: {other}")),
    };
    Ok((path, query))
}

async fn ask(
    flags: &Flags,
    path: &str,
    query: &[(&'static str, String)],
    index: u64,
) -> Result<(Value, u64), String> {
    let at = index.to_string();
    let mut query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if index > 0 {
        query.push(("index", &at));
        query.push(("wait", "5m"));
    }
    let answer = flags.http.send(Method::GET, path, &query, Vec::new()).await?;
    let index = answer.index;
    if answer.status == 404 {
        return Ok((Value::Null, index));
    }
    let value = answer.good()?.json()?;
    // One key is one entry, not a list of one.
    let value = match value {
        Value::Array(mut entries) if flags.kind == "key" => match entries.is_empty() {
            true => Value::Null,
            false => entries.swap_remove(0),
        },
        other => other,
    };
    let value = match &value {
        Value::Object(entry) if flags.kind == "key" => ordered(entry),
        Value::Array(entries) if flags.kind == "keyprefix" => {
            entries.iter().map(|entry| entry.as_object().map_or(Value::Null, ordered)).collect()
        }
        _ => value,
    };
    Ok((value, index))
}

/// An entry as Consul's client tells it: with its session, which the API leaves out where there is none.
fn ordered(entry: &serde_json::Map<String, Value>) -> Value {
    let mut told = entry.clone();
    told.entry("Session").or_insert_with(|| json!(""));
    Value::Object(told)
}

fn indented(value: &Value) -> Result<String, String> {
    use serde::Serialize as _;
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    value.serialize(&mut serializer).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// Runs the command with the answer on its standard input, and waits for its end.
async fn call_child(flags: &Flags, value: &Value, index: u64) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Said(format!("Error executing handler: {error}"));
    let mut command = match (flags.shell.as_str(), flags.words.as_slice()) {
        ("false" | "0", [program, arguments @ ..]) => {
            let mut command = tokio::process::Command::new(program);
            command.args(arguments);
            command
        }
        (_, words) => {
            let shell = std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".into());
            let mut command = tokio::process::Command::new(shell);
            command.arg("-c").arg(words.join(" "));
            command
        }
    };
    command.stdin(Stdio::piped()).env("CONSUL_INDEX", index.to_string());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        let mut bytes = serde_json::to_vec(value).unwrap_or_default();
        bytes.push(b'\n');
        // A command that does not read its input is none the worse.
        let _ = stdin.write_all(&bytes).await;
    }
    child.wait().await.map_err(failed)?;
    Ok(())
}
