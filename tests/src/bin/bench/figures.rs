//! The figures of a measurement, and how they are shown.

use serde_json::{Map, Value, json};

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    /// As programs read it; a dot begins a member of an object.
    pub(crate) name: String,
    /// As people read it.
    pub(crate) label: String,
    /// Digits after the point.
    pub(crate) digits: usize,
    pub(crate) value: f64,
}

/// A figure.
pub(crate) fn figure(name: impl Into<String>, label: impl Into<String>, digits: usize, value: f64) -> Figure {
    Figure { name: name.into(), label: label.into(), digits, value }
}

/// p50, p95 and p99 of sorted times in milliseconds; nothing of none.
pub(crate) fn percentiles(name: &str, label: &str, sorted: &[f64]) -> Vec<Figure> {
    let of = |(percentile, share): (&str, f64)| {
        figure(format!("{name}_ms.{percentile}"), format!("{label}, ms, {percentile}"), 1, quantile(sorted, share))
    };
    if sorted.is_empty() { Vec::new() } else { [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].map(of).into() }
}

/// What was measured: one case or several, each once per run.
pub(crate) struct Report {
    /// What holds for all cases, for programs.
    settings: Map<String, Value>,
    cases: Vec<Case>,
}

struct Case {
    title: String,
    runs: Vec<Vec<Figure>>,
}

impl Report {
    /// `settings`: an object.
    pub(crate) fn new(settings: &Value) -> Self {
        Self { settings: settings.as_object().cloned().unwrap_or_default(), cases: Vec::new() }
    }

    /// Adds a run of a case. An empty title is that of the only case.
    pub(crate) fn add(&mut self, title: &str, run: Vec<Figure>) {
        match self.cases.iter_mut().find(|case| case.title == title) {
            Some(case) => case.runs.push(run),
            None => self.cases.push(Case { title: title.to_owned(), runs: vec![run] }),
        }
    }

    /// Tables, or one line of JSON per case.
    pub(crate) fn shown(&self, as_json: bool) -> String {
        let of = |case: &Case| {
            let summary = Summary::of(&case.runs);
            if as_json {
                let mut line = self.settings.clone();
                if !case.title.is_empty() {
                    line.insert("case".to_owned(), case.title.clone().into());
                }
                line.append(&mut summary.json());
                Value::from(line).to_string()
            } else if case.title.is_empty() {
                summary.table()
            } else {
                format!("{}\n{}\n", case.title, summary.table())
            }
        };
        self.cases.iter().map(of).collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }
}

/// Of each figure the least, the median and the greatest of several runs.
struct Summary {
    runs: usize,
    figures: Vec<(Figure, [f64; 3])>,
}

impl Summary {
    /// Of runs that all measured the same figures; none at all gives an empty summary.
    fn of(runs: &[Vec<Figure>]) -> Self {
        let figures = runs.first().into_iter().flatten().map(|figure| {
            let mut values: Vec<f64> =
                runs.iter().flatten().filter(|other| other.name == figure.name).map(|other| other.value).collect();
            values.sort_by(f64::total_cmp);
            (figure.clone(), [values[0], quantile(&values, 0.5), values[values.len() - 1]])
        });
        Self { runs: runs.len(), figures: figures.collect() }
    }

    /// One object: the medians, and with several runs also `min` and `max`, objects of the same form.
    fn json(&self) -> Map<String, Value> {
        let mut object = self.object(1);
        if self.runs > 1 {
            object.insert("min".to_owned(), self.object(0).into());
            object.insert("max".to_owned(), self.object(2).into());
        }
        object
    }

    fn object(&self, which: usize) -> Map<String, Value> {
        let mut object = Map::new();
        for (figure, values) in &self.figures {
            let scale = 10_f64.powi(i32::try_from(figure.digits).unwrap_or(0));
            let value = json!((values[which] * scale).round() / scale);
            match figure.name.split_once('.') {
                None => object.insert(figure.name.clone(), value),
                Some((outer, inner)) => match object.entry(outer).or_insert_with(|| json!({})) {
                    Value::Object(members) => members.insert(inner.to_owned(), value),
                    other => Some(other.clone()),
                },
            };
        }
        object
    }

    /// A table.
    fn table(&self) -> String {
        let width = self.figures.iter().map(|(figure, _)| figure.label.len()).max().unwrap_or(0);
        let mut lines = Vec::new();
        if self.runs > 1 {
            lines.push(format!("{:width$}  {:>12}  {:>12}  {:>12}", "", "least", "median", "greatest"));
        }
        for (Figure { label, digits, .. }, [least, median, greatest]) in &self.figures {
            lines.push(if self.runs > 1 {
                format!("{label:width$}  {least:>12.digits$}  {median:>12.digits$}  {greatest:>12.digits$}")
            } else {
                format!("{label:width$}  {median:>12.digits$}")
            });
        }
        lines.join("\n")
    }
}

/// The value that this share of the values does not exceed (nearest rank). Of sorted values, at least one.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: f64, second: f64) -> Vec<Figure> {
        vec![
            figure("deliveries_per_second", "deliveries/s", 0, first),
            figure("accept_to_arrival_ms.p50", "p50", 1, second),
        ]
    }

    #[test]
    fn one_run_is_told_as_it_is() {
        let summary = Summary::of(&[run(1234.4, 5.25)]);
        assert_eq!(
            Value::from(summary.json()),
            json!({ "deliveries_per_second": 1234.0, "accept_to_arrival_ms": { "p50": 5.3 } })
        );
        assert_eq!(summary.table(), "deliveries/s          1234\np50                    5.2");
    }

    #[test]
    fn several_runs_are_told_by_their_median() {
        let summary = Summary::of(&[run(3.0, 1.0), run(1.0, 2.0), run(2.0, 9.0)]);
        assert_eq!(
            Value::from(summary.json()),
            json!({
                "deliveries_per_second": 2.0, "accept_to_arrival_ms": { "p50": 2.0 },
                "min": { "deliveries_per_second": 1.0, "accept_to_arrival_ms": { "p50": 1.0 } },
                "max": { "deliveries_per_second": 3.0, "accept_to_arrival_ms": { "p50": 9.0 } },
            })
        );
        assert_eq!(summary.table().lines().count(), 3);
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        let shown = |share| quantile(&values, share).to_string();
        assert_eq!([0.0, 0.5, 0.95, 0.99, 1.0].map(shown), ["1", "50", "95", "99", "100"]);
        assert_eq!(quantile(&[7.0], 0.5).to_string(), "7");
    }

    #[test]
    fn each_case_is_told_apart_with_the_settings_of_all() {
        let mut report = Report::new(&json!({ "store": "sqlite" }));
        report.add("alone", run(1.0, 2.0));
        report.add("beside", run(3.0, 4.0));
        report.add("alone", run(5.0, 6.0));
        let lines: Vec<Value> = report.shown(true).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |line: usize| (&lines[line]["store"], &lines[line]["case"], &lines[line]["deliveries_per_second"]);
        assert_eq!(of(0), (&json!("sqlite"), &json!("alone"), &json!(1.0)));
        assert_eq!(of(1), (&json!("sqlite"), &json!("beside"), &json!(3.0)));
        assert_eq!(lines[0]["max"]["deliveries_per_second"], 5.0);
        assert_eq!(report.shown(false).lines().next(), Some("alone"));
    }

    #[test]
    fn percentiles_of_nothing_are_none() {
        assert!(percentiles("push", "push", &[]).is_empty());
        assert_eq!(percentiles("push", "push", &[1.0, 2.0])[2], figure("push_ms.p99", "push, ms, p99", 1, 2.0));
    }
}
