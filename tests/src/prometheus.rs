//! Prometheus' text format, read as far as tests need it.

use std::collections::BTreeMap;

/// What `/metrics` answered.
#[derive(Clone, Debug, Default)]
pub struct Scrape {
    /// Type of each metric: counter, gauge, histogram.
    pub types: BTreeMap<String, String>,
    /// Metrics that are described.
    pub described: Vec<String>,
    /// Every sample.
    pub samples: Vec<Sample>,
}

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its name; of a histogram with `_bucket`, `_sum` or `_count` behind it.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

impl Scrape {
    /// Reads the text.
    ///
    /// # Panics
    /// Where a line is not of the format.
    pub fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                assert!(scrape.types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} has two types");
            } else if let Some(rest) = line.strip_prefix("# HELP ") {
                scrape.described.push(rest.split_once(' ').expect("a text").0.to_owned());
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').expect("a value");
                let (name, labels) = match series.split_once('{') {
                    Some((name, labels)) => (name, read_labels(labels.strip_suffix('}').expect("a closing brace"))),
                    None => (series, BTreeMap::new()),
                };
                let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
                scrape.samples.push(Sample { name: name.to_owned(), labels, value });
            }
        }
        scrape
    }

    /// The sum over the series of a name that have all of the labels.
    ///
    /// # Panics
    /// Where there is none: a counter that is not there is no counter at 0.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| {
            labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|v| v == value))
        };
        let of_name = self.samples.iter().filter(|sample| sample.name == name);
        let mut found = of_name.filter(has).peekable();
        assert!(found.peek().is_some(), "there is no {name} with {labels:?}");
        found.map(|sample| sample.value).sum()
    }

    /// [`Self::sum`] of what is counted in whole numbers.
    ///
    /// # Panics
    /// As [`Self::sum`], and where it is no whole number.
    pub fn count(&self, name: &str, labels: &[(&str, &str)]) -> i64 {
        let sum = self.sum(name, labels);
        assert!(sum.fract().abs() < f64::EPSILON, "{name} with {labels:?} is {sum}");
        sum as i64
    }

    /// The names that a query may use: of histograms those of their parts.
    pub fn names(&self) -> Vec<String> {
        let parts = |(name, kind): (&String, &String)| match kind.as_str() {
            "histogram" => ["_bucket", "_sum", "_count"].map(|part| format!("{name}{part}")).to_vec(),
            _ => vec![name.clone()],
        };
        self.types.iter().flat_map(parts).collect()
    }
}

/// `a="x",b="y"`; values hold no quotes here.
fn read_labels(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split("\",").filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once("=\"").unwrap_or_else(|| panic!("no label: {pair}"));
            (name.to_owned(), value.trim_end_matches('"').to_owned())
        })
        .collect()
}
