//! wrk: as many requests as the server takes.

use std::path::Path;

use super::figure;
use crate::BenchError;

/// Answers per second, and an error where any answer was not a success.
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
    let output = command.arg(url).kill_on_drop(true).output().await.map_err(BenchError::io("wrk"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if let Some(line) = text.lines().find(|line| line.contains("Non-2xx") || line.contains("Socket errors")) {
        return Err(BenchError::Unexpected(format!("{url}: {}", line.trim())));
    }
    figure(&text, "Requests/sec:").ok_or_else(|| BenchError::Unexpected(format!("{url}: wrk said {text}")))
}
