//! Load from outside: wrk for HTTP and dnsperf for DNS, both from Debian; and DNS
//! questions of our own, one or more than dnsperf can ask.

mod dnsperf;
mod flood;
pub(crate) mod question;
mod wrk;

pub(crate) use dnsperf::dnsperf;
pub(crate) use flood::flood;
pub(crate) use wrk::wrk;

/// The number behind `label` at the beginning of a line.
fn figure(text: &str, label: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.trim().strip_prefix(label))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn reads_the_figure_behind_its_label() {
        assert_eq!(figure("a\n  Requests/sec:  123.5\nb", "Requests/sec:"), Some(123.5));
        assert_eq!(figure("  Queries lost:  0 (0.00%)", "Queries lost:"), Some(0.0));
        assert_eq!(figure("nothing here", "Requests/sec:"), None);
    }
}
