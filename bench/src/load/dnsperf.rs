//! dnsperf: as many questions as the server takes.

use std::io::Write as _;

use super::figure;
use crate::BenchError;

/// Answers per second to `question` (name and type), and an error where one was not NOERROR or many were lost.
pub(crate) async fn dnsperf(port: u16, question: &str, edns: bool, seconds: u32) -> Result<f64, BenchError> {
    let mut file = tempfile::NamedTempFile::new().map_err(BenchError::io("dnsperf's questions"))?;
    writeln!(file, "{question}").map_err(BenchError::io("dnsperf's questions"))?;
    let mut command = tokio::process::Command::new("dnsperf");
    command.args(["-s", "127.0.0.1", "-p", &port.to_string(), "-l", &seconds.to_string(), "-t", "1"]);
    command.args(["-c", "8", "-T", "1", "-q", "200", "-d"]).arg(file.path());
    if edns {
        command.arg("-e");
    }
    let output = command.kill_on_drop(true).output().await.map_err(BenchError::io("dnsperf"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let codes = text.lines().find(|line| line.contains("Response codes")).unwrap_or_default();
    let good = codes.contains("NOERROR") && !codes.contains(',');
    let (sent, lost) = (figure(&text, "Queries sent:"), figure(&text, "Queries lost:"));
    match (figure(&text, "Queries per second:"), sent, lost) {
        (Some(rate), Some(sent), Some(lost)) if good && lost <= sent / 1000.0 => Ok(rate),
        _ => Err(BenchError::Unexpected(format!("{question}: dnsperf said {text}"))),
    }
}
