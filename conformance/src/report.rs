//! What a run found, as text for a terminal and as a Markdown file. Never decides what is an error: that is
//! for `known`.

use std::fmt::Write as _;

use crate::known::Judged;

/// A case and what became of it.
pub(crate) struct Outcome {
    pub(crate) case: &'static str,
    pub(crate) steps: usize,
    pub(crate) judged: Judged,
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No difference.
    Passed,
    /// Only documented differences.
    Known,
    /// An undocumented difference, or a documented one that no longer occurs.
    Different,
}

impl Outcome {
    pub(crate) fn verdict(&self) -> Verdict {
        if !self.judged.undocumented.is_empty() || !self.judged.outlived.is_empty() {
            Verdict::Different
        } else if self.judged.reasons.is_empty() {
            Verdict::Passed
        } else {
            Verdict::Known
        }
    }
}

/// Passed, known, different.
pub(crate) fn counts(outcomes: &[Outcome]) -> [usize; 3] {
    let count = |wanted| outcomes.iter().filter(|outcome| outcome.verdict() == wanted).count();
    [count(Verdict::Passed), count(Verdict::Known), count(Verdict::Different)]
}

/// Every undocumented difference, and the sum.
pub(crate) fn plain(outcomes: &[Outcome], versions: &str) -> String {
    let mut text = String::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.verdict() == Verdict::Different) {
        let _ = writeln!(text, "DIFFERENT {}", outcome.case);
        for difference in &outcome.judged.undocumented {
            let _ = writeln!(text, "    {difference}");
        }
        for why in &outcome.judged.outlived {
            let _ = writeln!(text, "    documented, but no longer there: {why}");
        }
    }
    for outcome in outcomes.iter().filter(|outcome| outcome.verdict() == Verdict::Known) {
        let _ = writeln!(text, "known     {}: {}", outcome.case, outcome.judged.reasons.join("; "));
    }
    let [passed, known, different] = counts(outcomes);
    let steps: usize = outcomes.iter().map(|outcome| outcome.steps).sum();
    let _ = writeln!(
        text,
        "{versions}: {} cases, {steps} requests: {passed} passed, {known} known, {different} different",
        outcomes.len()
    );
    text
}

/// The same as a table.
pub(crate) fn markdown(outcomes: &[Outcome], versions: &str) -> String {
    let [passed, known, different] = counts(outcomes);
    let mut text = format!(
        "# Conformance\n\n{versions}. {} cases: {passed} passed, {known} known, {different} different.\n\n\
         Written by `conformance/run --write`.\n\n| case | requests | outcome | why |\n|---|---|---|---|\n",
        outcomes.len()
    );
    for outcome in outcomes {
        let (word, why) = match outcome.verdict() {
            Verdict::Passed => ("same", String::new()),
            Verdict::Known => ("known", outcome.judged.reasons.join("; ")),
            Verdict::Different => ("**different**", first_reason(outcome)),
        };
        let why = why.replace('|', "\\|").replace('\n', " ");
        let _ = writeln!(text, "| {} | {} | {word} | {why} |", outcome.case, outcome.steps);
    }
    text
}

fn first_reason(outcome: &Outcome) -> String {
    let judged = &outcome.judged;
    judged
        .undocumented
        .first()
        .map(ToString::to_string)
        .or_else(|| judged.outlived.first().map(|why| format!("no longer there: {why}")))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Difference;

    fn outcome(undocumented: usize, reasons: usize, outlived: usize) -> Outcome {
        let difference = |_| Difference { place: "step 1".into(), consul: "1|".into(), muster: "2".into() };
        let judged = Judged {
            undocumented: (0..undocumented).map(difference).collect(),
            reasons: vec!["meant"; reasons],
            outlived: vec!["gone"; outlived],
        };
        Outcome { case: "kv/a", steps: 2, judged }
    }

    #[test]
    fn verdicts_follow_the_judgement() {
        let verdicts =
            [(0, 0, 0), (0, 1, 0), (1, 1, 0), (0, 0, 1)].map(|(u, r, o)| outcome(u, r, o).verdict());
        use Verdict::{Different, Known, Passed};
        assert_eq!(verdicts, [Passed, Known, Different, Different]);
    }

    #[test]
    fn both_reports_show_each_difference_and_the_sum() {
        let outcomes = [outcome(1, 0, 0), outcome(0, 0, 0)];
        let plain = plain(&outcomes, "v");
        assert!(plain.contains("step 1: Consul 1|, Muster 2"), "{plain}");
        assert!(plain.contains("2 cases, 4 requests: 1 passed, 0 known, 1 different"), "{plain}");
        assert!(
            markdown(&outcomes, "v").contains("| kv/a | 2 | **different** | step 1: Consul 1\\|, Muster 2 |")
        );
    }
}
