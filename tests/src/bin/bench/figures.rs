//! The figures of a run, and how they are shown.

use serde_json::{Map, Value, json};

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    /// As programs read it; a dot begins a member of an object.
    pub(crate) name: &'static str,
    /// As people read it.
    pub(crate) label: &'static str,
    /// Digits after the point.
    pub(crate) digits: usize,
    pub(crate) value: f64,
}

/// Of each figure the least, the median and the greatest of several runs.
pub(crate) struct Summary {
    runs: usize,
    figures: Vec<(Figure, [f64; 3])>,
}

impl Summary {
    /// Of runs that all measured the same figures; none at all gives an empty summary.
    pub(crate) fn of(runs: &[Vec<Figure>]) -> Self {
        let figures = runs.first().into_iter().flatten().map(|figure| {
            let mut values: Vec<f64> =
                runs.iter().flatten().filter(|other| other.name == figure.name).map(|other| other.value).collect();
            values.sort_by(f64::total_cmp);
            (figure.clone(), [values[0], quantile(&values, 0.5), values[values.len() - 1]])
        });
        Self { runs: runs.len(), figures: figures.collect() }
    }

    /// One object: the medians, and with several runs also `min` and `max`, objects of the same form.
    pub(crate) fn json(&self) -> Map<String, Value> {
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
                None => object.insert(figure.name.to_owned(), value),
                Some((outer, inner)) => match object.entry(outer).or_insert_with(|| json!({})) {
                    Value::Object(members) => members.insert(inner.to_owned(), value),
                    other => Some(other.clone()),
                },
            };
        }
        object
    }

    /// A table.
    pub(crate) fn table(&self) -> String {
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
            Figure { name: "deliveries_per_second", label: "deliveries/s", digits: 0, value: first },
            Figure { name: "accept_to_arrival_ms.p50", label: "p50", digits: 1, value: second },
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
}
