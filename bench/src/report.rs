//! Medians, ratios and the table.

use std::collections::BTreeMap;

use crate::contestant::Kind;

/// Whether more or less of a figure is better.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    /// Rates.
    More,
    /// Times and sizes.
    Less,
}

struct Row {
    name: String,
    unit: &'static str,
    better: Better,
    command: String,
    figures: BTreeMap<&'static str, Vec<f64>>,
}

/// All that was measured, in the order of first mention.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    failures: Vec<String>,
}

impl Report {
    /// Takes in one figure of one contestant.
    pub(crate) fn add(
        &mut self,
        kind: Kind,
        (name, unit, better): (&str, &'static str, Better),
        command: &str,
        figure: f64,
    ) {
        eprintln!("{kind:?} {name}: {figure:.1} {unit}");
        let row = if let Some(at) = self.rows.iter().position(|row| row.name == name) {
            &mut self.rows[at]
        } else {
            self.rows.push(Row {
                name: name.into(),
                unit,
                better,
                command: command.into(),
                figures: BTreeMap::new(),
            });
            let last = self.rows.len() - 1;
            &mut self.rows[last]
        };
        row.figures.entry(label(kind)).or_default().push(figure);
    }

    /// Takes in a measurement that could not be taken, so that the table says so.
    pub(crate) fn fail(&mut self, kind: Kind, name: &str, why: &str) {
        eprintln!("{kind:?} {name}: not measured: {why}");
        self.failures.push(format!("{} {name}: {why}", label(kind)));
    }

    /// The whole as Markdown.
    pub(crate) fn table(&self) -> String {
        let mut text = String::from(
            "| what | Muster | Consul | ratio (above 1: Muster is better) | unit | how |\n|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let of = |name: &str| row.figures.get(name).and_then(|figures| median(figures));
            let (ours, theirs) = (of("Muster"), of("Consul"));
            let ratio = match (ours, theirs, row.better) {
                (Some(a), Some(b), Better::More) if b > 0.0 => format!("{:.1}", a / b),
                (Some(a), Some(b), Better::Less) if a > 0.0 => format!("{:.1}", b / a),
                _ => "–".into(),
            };
            let show = |figure: Option<f64>| figure.map_or_else(|| "–".into(), |f| format!("{f:.1}"));
            text.push_str(&format!(
                "| {} | {} | {} | {ratio} | {} | `{}` |\n",
                row.name,
                show(ours),
                show(theirs),
                row.unit,
                row.command
            ));
        }
        for failure in &self.failures {
            text.push_str(&format!("\nnot measured: {failure}\n"));
        }
        text
    }
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::Muster => "Muster",
        Kind::Consul => "Consul",
    }
}

fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_above_one_means_that_muster_is_better() {
        let mut report = Report::default();
        for (kind, rate, size) in [(Kind::Muster, 30.0, 10.0), (Kind::Consul, 10.0, 40.0)] {
            report.add(kind, ("rate", "1/s", Better::More), "r", rate);
            report.add(kind, ("size", "MiB", Better::Less), "s", size);
        }
        let table = report.table();
        assert!(table.contains("| rate | 30.0 | 10.0 | 3.0 |"), "{table}");
        assert!(table.contains("| size | 10.0 | 40.0 | 4.0 |"), "{table}");
    }

    #[test]
    fn the_median_is_the_middle_of_the_sorted() {
        assert_eq!(median(&[5.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }
}
