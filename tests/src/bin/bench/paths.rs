//! How long reading ids from answers takes, and what the public suites of JSONPath and Liquid say.

mod suites;

use crate::figures::{Report, figure};
use anyhow::{Result, ensure};
use bytes::Bytes;
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use sync_core::outcome::{Answer, BodyRead};
use sync_core::unique_id::{IdFault, JsonPath, read_all};

/// How large the large answers are, in bytes.
const LARGE: usize = 1024 * 1024;

/// How long reading ids takes: large answers, and paths that multiply what an answer holds
///
/// In this process, with the code of the server: saving the path, and reading the ids of an answer by it. Each is done
/// some times over, and the quickest counts, so that other processes matter little. Fails where a path is not read as it
/// should be (ids found, refused, or stopped for its work), or takes longer than the limit. With copies of the public
/// suites at hand it counts what of them holds, and fails where that is less than it was.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How often each is done
    #[arg(long, value_name = "RUNS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,
    /// How long saving or reading may take
    #[arg(long, value_name = "MS", default_value_t = 50)]
    limit_ms: u32,
    /// The RFC 9535 compliance suite: `cts.json` of jsonpath-standard/jsonpath-compliance-test-suite
    #[arg(long, value_name = "FILE")]
    rfc9535: Option<PathBuf>,
    /// Golden Liquid: `golden_liquid.json` of jg-rp/golden-liquid
    #[arg(long, value_name = "FILE")]
    golden_liquid: Option<PathBuf>,
    /// One line of JSON per case instead of tables
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut report = Report::new(&json!({ "runs": arguments.runs }));
    let mut late = Vec::new();
    for case in cases() {
        let Case { name, path, body, expected } = case;
        let answer = Answer { status: 200, headers: Vec::new(), body: Bytes::from(body), body_read: BodyRead::Whole };
        let (mut save, mut read) = (Duration::MAX, Duration::MAX);
        for _ in 0..arguments.runs {
            let began = Instant::now();
            let parsed = JsonPath::parse(&path);
            save = save.min(began.elapsed());
            let began = Instant::now();
            let found = parsed.as_ref().map(|path| read_all(path, &answer)).map_err(Clone::clone);
            read = read.min(began.elapsed());
            let came = Came::of(&found);
            ensure!(came == expected, "{name}: {expected:?} was expected, but it came to {came:?}: {found:?}");
        }
        let title = format!("{name}: {path:.60}, {expected}");
        if save.max(read) > Duration::from_millis(arguments.limit_ms.into()) {
            late.push(format!("{title}: {save:?} to save, {read:?} to read"));
        }
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let bytes = answer.body.len() as f64;
        let mut figures = vec![
            figure("bytes", "bytes of the answer", 0, bytes),
            figure("save_ms", "saving the path, ms", 3, ms(save)),
        ];
        if expected != Came::Refused {
            figures.push(figure("read_ms", "reading the ids, ms", 2, ms(read)));
        }
        if bytes > LARGE as f64 / 2.0 {
            let rate = bytes / LARGE as f64 / read.as_secs_f64();
            figures.push(figure("mib_per_second", "MiB of answers per second", 0, rate));
        }
        report.add(&title, figures);
    }
    if let Some(file) = &arguments.rfc9535 {
        suites::rfc9535(file, &mut report)?;
    }
    if let Some(file) = &arguments.golden_liquid {
        suites::golden_liquid(file, &mut report)?;
    }
    println!("{}", report.shown(arguments.json));
    ensure!(late.is_empty(), "longer than {} ms:\n  {}", arguments.limit_ms, late.join("\n  "));
    Ok(())
}

/// What a reading comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    None,
    One,
    Several,
    /// Stopped for its work.
    Stopped,
    /// Refused when it is saved.
    Refused,
    Unreadable,
}

impl Came {
    fn of(found: &Result<Result<Vec<sync_core::link::UniqueId>, IdFault>, String>) -> Self {
        match found {
            Err(_) => Self::Refused,
            Ok(Err(IdFault::TooMuchWork)) => Self::Stopped,
            Ok(Err(_)) => Self::Unreadable,
            Ok(Ok(ids)) => match ids.len() {
                0 => Self::None,
                1 => Self::One,
                _ => Self::Several,
            },
        }
    }
}

impl std::fmt::Display for Came {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "no id",
            Self::One => "one id",
            Self::Several => "several ids",
            Self::Stopped => "stopped",
            Self::Refused => "refused",
            Self::Unreadable => "not readable",
        })
    }
}

struct Case {
    name: &'static str,
    path: String,
    body: String,
    expected: Came,
}

fn case(name: &'static str, path: impl Into<String>, body: String, expected: Came) -> Case {
    Case { name, path: path.into(), body, expected }
}

fn list(items: usize, item: impl Fn(usize) -> String) -> String {
    format!("[{}]", (0..items).map(item).collect::<Vec<_>>().join(","))
}

fn cases() -> Vec<Case> {
    let sevens = |items| list(items, |_| "7".to_owned());
    let records = || {
        let record = |n| format!("{{\"id\":\"r{n}\",\"score\":0.{n:05},\"email\":\"ada{n}@example.test\"}}");
        format!("{{\"results\":{}}}", list(18_000, record))
    };
    let nest = |depth: usize| format!("{}7{}", "[".repeat(depth), "]".repeat(depth));
    let letters = || {
        let mut seed = 1_u32;
        let next = |_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if seed & 0x8000_0000 == 0 { 'a' } else { 'b' }
        };
        (0..60_000).map(next).collect::<String>()
    };
    vec![
        case("150,000 ids", "$[*]", list(150_000, |n| n.to_string()), Came::Several),
        case("150,000 times one id", "$[*]", list(150_000, |_| "123456".to_owned()), Came::One),
        case("524,000 times one id", "$[*]", sevens(524_000), Came::One),
        case("18,000 records", "$.results[*].missing", records(), Came::None),
        case("18,000 records", "$..missing", records(), Came::None),
        case("18,000 records", "$.results[?@.score > 0.5 && @.email == 'x'].id", records(), Came::None),
        case("18,000 records", "$.results[?search(@.email, '^ada17999@')].id", records(), Came::One),
        case("20,000 items, each counted", "$[?count($[*])>5]", sevens(20_000), Came::Stopped),
        case("524,000 items, each counted", "$[?count($[*])>5]", sevens(524_000), Came::Stopped),
        case("filters within filters", "$[?$[?$[?$[?@>8]]]]", sevens(400), Came::Stopped),
        case("30 unions", format!("${}", "[0,0]".repeat(30)), "[[7]]".to_owned(), Came::None),
        case("30 unions, 30 deep", format!("${}", "[0,0]".repeat(30)), nest(30), Came::Stopped),
        case("50 unions, 100 deep", format!("${}", "[*,*]".repeat(50)), nest(100), Came::Unreadable),
        case("50 slices", format!("$[{}]", vec!["::-1"; 50].join(",")), sevens(524_000), Came::Stopped),
        case("compared with all", "$[?@==$[0]]", list(2, |_| sevens(250_000)), Came::Unreadable),
        case(
            "names to be unescaped",
            "$[*]['a','b','c']",
            list(1000, |_| format!("{{\"{}\":1}}", "\\n".repeat(500))),
            Came::None,
        ),
        case(
            "a pattern of many states",
            "$[?search(@,'(a|b)*a(a|b){200}x')]",
            list(17, |_| format!("\"{}\"", letters())),
            Came::Stopped,
        ),
        case(
            "60,000 patterns",
            "$[?match('a',@)]",
            list(60_000, |n| format!("\"[ab]{{{}}}{n}\"", n % 50)),
            Came::Stopped,
        ),
        case("40 functions in one another", format!("$[?{}", "value(".repeat(40)), sevens(1), Came::Refused),
        case("100 parentheses", format!("$[?{}@{}]", "(".repeat(100), ")".repeat(100)), sevens(1), Came::Refused),
        case("a pattern that grows", "$[?match(@,'((a{100}){100}){100}')]", sevens(1), Came::Refused),
        case("half a body", "$[*]", "[".repeat(LARGE), Came::Unreadable),
    ]
}
