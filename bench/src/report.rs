//! Medians with their extremes, ratios, and the table.

use std::collections::BTreeMap;

use crate::scenario::{Better, Figure};
use crate::servers::Who;
use crate::stage::Stage;

struct Row {
    what: String,
    unit: &'static str,
    better: Better,
    how: String,
    values: BTreeMap<Who, Vec<f64>>,
}

/// All that was measured, in the order of first mention.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    failures: Vec<String>,
}

impl Report {
    /// Takes in one figure of one contestant.
    pub(crate) fn add(&mut self, who: Who, figure: Figure) {
        eprintln!("  {who:?}: {}: {} {}", figure.what, shown(figure.value), figure.unit);
        let at = self.rows.iter().position(|row| row.what == figure.what).unwrap_or_else(|| {
            let Figure { what, unit, better, how, .. } = figure.clone();
            self.rows.push(Row { what, unit, better, how, values: BTreeMap::new() });
            self.rows.len() - 1
        });
        self.rows[at].values.entry(who).or_default().push(figure.value);
    }

    /// Takes in a measurement that could not be taken, so that the report says so.
    pub(crate) fn fail(&mut self, who: Who, scenario: &str, why: &str) {
        eprintln!("  {who:?}: {scenario}: not measured: {why}");
        self.failures.push(format!("{who:?}, {scenario}: {}", why.trim()));
    }

    /// The whole as Markdown.
    pub(crate) fn text(&self, stage: &Stage) -> String {
        let options = &stage.options;
        let mut text = format!(
            "# Muster beside Consul 1.8.7 and the ceiling of the machine\n\n\
             Made by `make bench` from revision {}: {} rounds, contestants alternating, {} s of each load, loopback. \
             {}; Linux {}. Servers under load run on processor {}, the load on {}. Shown: median (least – most). \
             The ratio is above 1 where Muster is better; the ceiling is nginx or Knot serving the same bytes, and \
             the share how much of it Muster reaches.\n\n",
            options.revision,
            options.rounds,
            options.seconds,
            machine(),
            kernel(),
            stage.cpus.server,
            stage.cpus.load,
        );
        if options.consul().is_none() {
            text.push_str(
                "**The real Consul was not measured: it was not asked for or cannot be had here.**\n\n",
            );
        }
        text.push_str(&self.table());
        text.push_str("\n## How\n\n");
        for row in &self.rows {
            text.push_str(&format!("- {}: `{}`\n", row.what, row.how));
        }
        for failure in &self.failures {
            text.push_str(&format!("\nNot measured: {failure}\n"));
        }
        text
    }

    fn table(&self) -> String {
        let mut text = String::from(
            "| what | unit | Muster | Consul | ratio | ceiling | share |\n|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let median_of = |who| row.values.get(&who).and_then(|values| median(values));
            let compared = |other| match (median_of(Who::Muster), median_of(other), row.better) {
                (Some(ours), Some(theirs), Better::More) if theirs > 0.0 => format!("{:.2}", ours / theirs),
                (Some(ours), Some(theirs), Better::Less) if ours > 0.0 => format!("{:.2}", theirs / ours),
                _ => "–".into(),
            };
            let show = |who| row.values.get(&who).map_or_else(|| "–".into(), |values| summary(values));
            text.push_str(&format!(
                "| {} | {} | {} | {} | {} | {} | {} |\n",
                row.what,
                row.unit,
                show(Who::Muster),
                show(Who::Consul),
                compared(Who::Consul),
                show(Who::Ceiling),
                compared(Who::Ceiling),
            ));
        }
        text
    }
}

fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut models = text.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = models.next().map_or("an unknown processor", |(_, model)| model);
    format!("{} × {model}", models.count() + 1)
}

fn kernel() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    text.trim().split('-').next().unwrap_or_default().to_owned()
}

fn summary(values: &[f64]) -> String {
    let sorted = sorted(values);
    match (sorted.first(), median(values), sorted.last()) {
        (Some(least), Some(median), Some(most)) if sorted.len() > 1 => {
            format!("{} ({} – {})", shown(median), shown(*least), shown(*most))
        }
        (_, Some(only), _) => shown(only),
        _ => "–".into(),
    }
}

fn shown(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let (low, high) = (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
    Some(low.midpoint(*high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_above_one_means_that_muster_is_better() {
        let mut report = Report::default();
        for (who, rate, size) in
            [(Who::Muster, 30.0, 10.0), (Who::Consul, 10.0, 40.0), (Who::Ceiling, 60.0, 5.0)]
        {
            report.add(who, Figure::new("rate", "1/s", Better::More, "r", rate));
            report.add(who, Figure::new("size", "MiB", Better::Less, "s", size));
        }
        let table = report.table();
        assert!(table.contains("| rate | 1/s | 30.0 | 10.0 | 3.00 | 60.0 | 0.50 |"), "{table}");
        assert!(table.contains("| size | MiB | 10.0 | 40.0 | 4.00 | 5.0 | 0.50 |"), "{table}");
    }

    #[test]
    fn the_median_is_the_middle_of_the_sorted() {
        assert_eq!(median(&[5.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(&[4.0, 2.0]), Some(3.0));
        assert_eq!(median(&[]), None);
        assert_eq!(summary(&[3.0, 200.0, 1.0]), "3.0 (1.0 – 200)");
    }
}
