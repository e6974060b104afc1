//! Load from outside: wrk for HTTP and dnsperf for DNS, both from Debian.

use std::io::Write as _;
use std::path::Path;

use crate::BenchError;

/// One wrk run: answers per second, and an error where any answer was not a success.
pub(crate) async fn wrk(
    url: &str,
    connections: u32,
    seconds: u32,
    script: Option<&str>,
) -> Result<f64, BenchError> {
    let mut command = tokio::process::Command::new("wrk");
    command.args(["-t", "1", "-c", &connections.to_string(), "-d", &format!("{seconds}s")]);
    if let Some(name) = script {
        command.arg("-s").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("lua").join(name));
    }
    let output = command.arg(url).output().await.map_err(|e| BenchError::Io("wrk".into(), e))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if let Some(line) = text.lines().find(|line| line.contains("Non-2xx")) {
        return Err(BenchError::Unexpected(format!("{url}: {}", line.trim())));
    }
    figure(&text, "Requests/sec:").ok_or_else(|| BenchError::Unexpected(format!("{url}: wrk said {text}")))
}

/// One dnsperf run of `question` (name and type): answers per second.
pub(crate) async fn dnsperf(port: u16, question: &str, seconds: u32) -> Result<f64, BenchError> {
    let mut file =
        tempfile::NamedTempFile::new().map_err(|e| BenchError::Io("dnsperf questions".into(), e))?;
    writeln!(file, "{question}").map_err(|e| BenchError::Io("dnsperf questions".into(), e))?;
    let output = tokio::process::Command::new("dnsperf")
        .args(["-s", "127.0.0.1", "-p", &port.to_string(), "-l", &seconds.to_string()])
        .args(["-c", "8", "-T", "1", "-q", "200", "-d"])
        .arg(file.path())
        .output()
        .await
        .map_err(|e| BenchError::Io("dnsperf".into(), e))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let good = text.lines().any(|line| line.contains("Response codes") && line.contains("NOERROR"));
    match figure(&text, "Queries per second:") {
        Some(rate) if good => Ok(rate),
        _ => Err(BenchError::Unexpected(format!("{question}: dnsperf said {text}"))),
    }
}

fn figure(text: &str, label: &str) -> Option<f64> {
    text.lines().find_map(|line| line.trim().strip_prefix(label)).and_then(|rest| rest.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn reads_the_figure_behind_its_label() {
        assert_eq!(figure("a\n  Requests/sec:  123.5\nb", "Requests/sec:"), Some(123.5));
        assert_eq!(figure("nothing here", "Requests/sec:"), None);
    }
}
