//! What the server is told: by flags, by `CRM_SYNC_*` variables, by a TOML file; in this order of precedence.

use crate::http::Home;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use sync_core::backoff::Policy;
use url::Url;

/// Which part of the work this node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Serves the API and sends.
    All,
    /// Serves the API, and leaves the sending to other nodes.
    Api,
    /// Sends; serves health checks only.
    Dispatch,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Options that every command takes, and each obeys some of (`help`). Each may also stand in the file given by --config, under its name without the dashes.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Options {
    /// A TOML file with any of these options; flags and variables win over it
    #[arg(long, env = "CRM_SYNC_CONFIG", global = true, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,

    /// Where the embedded database and its secret key are kept [default: ~/.local/share/crm-sync]
    #[arg(long, env = "CRM_SYNC_DATA_DIR", global = true, value_name = "DIRECTORY")]
    pub(crate) data_dir: Option<PathBuf>,

    /// sqlite:FILE (relative to the data directory) or postgres://USER:PASSWORD@HOST/DATABASE [default: sqlite:crm-sync.db]
    #[arg(long, env = "CRM_SYNC_DATABASE", global = true, value_name = "URL", hide_env_values = true)]
    pub(crate) database: Option<String>,

    /// How long Postgres may take to answer before it counts as unavailable [default: 30s]
    #[arg(long, env = "CRM_SYNC_DATABASE_TIMEOUT", global = true, value_name = "DURATION")]
    pub(crate) database_timeout: Option<String>,

    /// How logs are written; levels by RUST_LOG [default: text]
    #[arg(long, env = "CRM_SYNC_LOG_FORMAT", global = true, value_enum)]
    pub(crate) log_format: Option<LogFormat>,

    /// Where the server listens [default: 127.0.0.1:8080]
    #[arg(long, env = "CRM_SYNC_LISTEN", global = true, value_name = "ADDRESS:PORT", value_parser = address_and_port)]
    pub(crate) listen: Option<SocketAddr>,

    /// Whether the web console is served at / and takes sessions [default: true]
    #[arg(long, env = "CRM_SYNC_CONSOLE", global = true, value_name = "BOOLEAN")]
    pub(crate) console: Option<bool>,

    /// Where browsers find the console; needed behind a proxy that ends TLS or sends another Host [default: wherever a request
    /// was sent to, by http]
    #[arg(long, env = "CRM_SYNC_PUBLIC_URL", global = true, value_name = "https://HOST")]
    pub(crate) public_url: Option<String>,

    /// Where Prometheus finds /metrics; never on the API's own address [default: nowhere]
    #[arg(long, env = "CRM_SYNC_METRICS_LISTEN", global = true, value_name = "ADDRESS:PORT", value_parser = address_and_port)]
    pub(crate) metrics_listen: Option<SocketAddr>,

    /// Where traces are sent by OTLP over HTTP, such as http://127.0.0.1:4318 [default: nowhere]
    #[arg(long, env = "CRM_SYNC_OTLP_ENDPOINT", global = true, value_name = "URL", hide_env_values = true)]
    pub(crate) otlp_endpoint: Option<String>,

    /// Which share of the traces that begin here is sent, from 0 to 1; a caller's own trace is sent if the caller's is
    /// [default: 1]
    #[arg(long, env = "CRM_SYNC_OTLP_SAMPLE_RATIO", global = true, value_name = "SHARE")]
    pub(crate) otlp_sample_ratio: Option<f64>,

    /// Which part of the work this node does; an embedded database takes only `all` [default: all]
    #[arg(long, env = "CRM_SYNC_MODE", global = true, value_enum)]
    pub(crate) mode: Option<Mode>,

    /// A network that requests may go to although it is not public, such as 10.1.0.0/16, or one address, such as 10.1.2.3; may be
    /// given several times
    #[arg(long, env = "CRM_SYNC_ALLOW_NETWORK", global = true, value_name = "NETWORK", value_delimiter = ',', value_parser = network)]
    #[serde(default, deserialize_with = "networks")]
    pub(crate) allow_network: Vec<IpNet>,

    /// For trying out: starts a mock CRM in this process, on this loopback address (port 0 takes a free one). Requests may go
    /// there, and the console's first steps offer it; its records are gone with the process [default: none]
    #[arg(long, env = "CRM_SYNC_MOCK_CRM", global = true, value_name = "ADDRESS:PORT", value_parser = address_and_port)]
    pub(crate) mock_crm: Option<SocketAddr>,

    /// Waits between tries, such as 5s,30s,2m [default: 5s,30s,2m,10m,30m,1h,3h,6h,12h,24h,24h]
    #[arg(long, env = "CRM_SYNC_RETRY_SCHEDULE", global = true, value_name = "DURATIONS")]
    pub(crate) retry_schedule: Option<String>,

    /// Waits between the probes of a suspended sync; the last one repeats [default: 30s,1m,2m,5m,15m,1h]
    #[arg(long, env = "CRM_SYNC_PROBE_SCHEDULE", global = true, value_name = "DURATIONS")]
    pub(crate) probe_schedule: Option<String>,

    /// After a request without an answer, nothing is sent for its person for at least this long [default: 30s]
    #[arg(long, env = "CRM_SYNC_QUIET_TIME", global = true, value_name = "DURATION")]
    pub(crate) quiet_time: Option<String>,

    /// How often syncs are looked at for alerts to administrators, and the least time between two alerts of an account
    /// [default: 10s]
    #[arg(long, env = "CRM_SYNC_ALERTS_EVERY", global = true, value_name = "DURATION")]
    pub(crate) alerts_every: Option<String>,

    /// How long a stopping server waits for requests that are under way [default: 30s]
    #[arg(long, env = "CRM_SYNC_GRACE", global = true, value_name = "DURATION")]
    pub(crate) grace: Option<String>,
}

/// The options with their defaults filled in.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) database: Database,
    pub(crate) database_timeout: Duration,
    pub(crate) log_format: LogFormat,
    pub(crate) listen: SocketAddr,
    pub(crate) console: Option<Home>,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) traces: Option<Traces>,
    pub(crate) mode: Mode,
    pub(crate) allow_networks: Vec<IpNet>,
    pub(crate) mock_crm: Option<SocketAddr>,
    pub(crate) policy: Policy,
    pub(crate) alerts_every: Duration,
    pub(crate) grace: Duration,
}

/// Where traces are sent.
#[derive(Clone, Debug)]
#[cfg_attr(not(any(feature = "otel", test)), expect(dead_code, reason = "refused in a build without traces"))]
pub(crate) struct Traces {
    /// The collector's URL for traces.
    pub(crate) endpoint: Url,
    /// From 0 to 1.
    pub(crate) sample_ratio: f64,
}

impl Traces {
    fn parse(endpoint: &str, sample_ratio: f64) -> Result<Self> {
        // The value may hold a token: it is not repeated.
        let wrong = "--otlp-endpoint: write the collector's URL, such as http://127.0.0.1:4318";
        let mut endpoint: Url = endpoint.trim().parse().context(wrong)?;
        if !matches!(endpoint.scheme(), "http" | "https") || !endpoint.has_host() {
            bail!(wrong);
        }
        if !(0.0..=1.0).contains(&sample_ratio) {
            bail!("--otlp-sample-ratio: {sample_ratio} is not a share; write a number from 0 to 1, such as 0.01");
        }
        // As OTEL_EXPORTER_OTLP_ENDPOINT is meant; a whole path is taken too.
        let path = endpoint.path().trim_end_matches('/').to_owned();
        if !path.ends_with("/v1/traces") {
            endpoint.set_path(&format!("{path}/v1/traces"));
        }
        Ok(Self { endpoint, sample_ratio })
    }
}

/// Where the data is kept.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// An embedded database in this file.
    Sqlite(PathBuf),
    /// A Postgres server. The URL may hold a password.
    Postgres(SecretString),
}

impl Options {
    /// Reads the file, if one is given, and fills in the defaults.
    pub(crate) fn load(self) -> Result<Config> {
        let file = match &self.config {
            Some(path) => read_file(path)?,
            None => Self::default(),
        };
        let data_dir = self.data_dir.or(file.data_dir).unwrap_or_else(default_data_dir);
        let database = self.database.or(file.database).unwrap_or_else(|| "sqlite:crm-sync.db".to_owned());
        let database = Database::parse(&database, &data_dir)?;
        let mode = self.mode.or(file.mode).unwrap_or(Mode::All);
        if matches!(database, Database::Sqlite(_)) && mode != Mode::All {
            bail!(
                "--mode: an embedded database serves one process, so only `all` goes with it; use Postgres for several nodes"
            );
        }
        let default = Policy::default();
        let policy = Policy::new(
            schedule("--retry-schedule", self.retry_schedule.or(file.retry_schedule), default.retry_schedule)?,
            schedule("--probe-schedule", self.probe_schedule.or(file.probe_schedule), default.probe_schedule)?,
            duration("--quiet-time", self.quiet_time.or(file.quiet_time), default.quiet_time)?,
        );
        let listen = self.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let metrics_listen = self.metrics_listen.or(file.metrics_listen);
        if metrics_listen == Some(listen) && listen.port() != 0 {
            bail!("--metrics-listen: {listen} is where the API listens; give metrics a port of their own");
        }
        let public_url = self.public_url.or(file.public_url).filter(|url| !url.trim().is_empty());
        let home = Home { public_url: public_url.map(|url| public_url_of(&url)).transpose()? };
        let console = self.console.or(file.console).unwrap_or(true).then_some(home);
        let sample_ratio = self.otlp_sample_ratio.or(file.otlp_sample_ratio).unwrap_or(1.0);
        let traces = self.otlp_endpoint.or(file.otlp_endpoint).filter(|endpoint| !endpoint.trim().is_empty());
        let traces = traces.map(|endpoint| Traces::parse(&endpoint, sample_ratio)).transpose()?;
        let allow_networks = if self.allow_network.is_empty() { file.allow_network } else { self.allow_network };
        Ok(Config {
            data_dir,
            database,
            database_timeout: database_timeout(self.database_timeout.or(file.database_timeout))?,
            log_format: self.log_format.or(file.log_format).unwrap_or(LogFormat::Text),
            listen,
            console,
            metrics_listen,
            traces,
            mode,
            allow_networks,
            mock_crm: mock_crm(self.mock_crm.or(file.mock_crm), mode)?,
            policy,
            alerts_every: alerts_every(self.alerts_every.or(file.alerts_every))?,
            grace: duration("--grace", self.grace.or(file.grace), sync_engine::GRACE)?,
        })
    }
}

/// Reads an address with its port.
pub(crate) fn address_and_port(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    text.parse().map_err(|_| {
        // A port alone is what is given most often.
        let port = text.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(8080);
        format!("write an IP address and a port, such as {}", SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    })
}

/// Reads a network; an address alone is a network of one.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let found = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    found.ok_or_else(|| {
        format!(
            "`{text}` is not a network: write an address and the number of its leading bits that all of the network share, such as \
             10.1.0.0/16 or fd00::/8, or one address, such as 10.1.2.3"
        )
    })
}

fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts
        .iter()
        .map(|text| network(text).map_err(|wrong| D::Error::custom(format!("allow-network: {wrong}"))))
        .collect()
}

fn public_url_of(text: &str) -> Result<Url> {
    let wrong = || {
        format!("--public-url: `{text}` is not the address of a site; write one such as https://crm-sync.example.com")
    };
    let url: Url = text.trim().parse().with_context(wrong)?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_bare || !url.username().is_empty() || url.password().is_some() {
        bail!("{}, without a path", wrong());
    }
    Ok(url)
}

impl Database {
    fn parse(url: &str, data_dir: &Path) -> Result<Self> {
        Self::of("--database", url, data_dir)
    }

    /// The one that another option names.
    pub(crate) fn given(option: &str, url: &SecretString, data_dir: &Path) -> Result<Self> {
        Self::of(option, url.expose_secret(), data_dir)
    }

    /// Where it is, without secrets.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => match Url::parse(url.expose_secret()) {
                Ok(url) => {
                    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                    format!("postgres://{}{port}{}", url.host_str().unwrap_or_default(), url.path())
                }
                Err(_) => "a Postgres database".to_owned(),
            },
        }
    }

    fn of(option: &str, url: &str, data_dir: &Path) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                bail!("{option}: `{url}` names no file; write sqlite:crm-sync.db");
            }
            Ok(Self::Sqlite(data_dir.join(path)))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Postgres(url.into()))
        } else {
            // The value may hold a password: it is not repeated.
            bail!("{option}: write sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE");
        }
    }
}

fn read_file(path: &Path) -> Result<Options> {
    let text = std::fs::read_to_string(path).with_context(|| format!("--config: cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("--config: {} is not right", path.display()))
}

fn default_data_dir() -> PathBuf {
    let home = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    home("XDG_DATA_HOME")
        .or_else(|| home("HOME").map(|home| home.join(".local/share")))
        .map_or_else(|| PathBuf::from("crm-sync-data"), |base| base.join("crm-sync"))
}

fn duration(flag: &str, text: Option<String>, default: Duration) -> Result<Duration> {
    match text {
        None => Ok(default),
        Some(text) => parse_duration(flag, &text),
    }
}

fn mock_crm(at: Option<SocketAddr>, mode: Mode) -> Result<Option<SocketAddr>> {
    let Some(at) = at else { return Ok(None) };
    if !at.ip().is_loopback() {
        bail!(
            "--mock-crm: {at} is not a loopback address, and the mock CRM lets everybody in; write one such as {}",
            SocketAddr::from((Ipv4Addr::LOCALHOST, at.port()))
        );
    }
    if mode != Mode::All {
        bail!("--mock-crm: it is for trying out on one node, which goes with --mode all");
    }
    Ok(Some(at))
}

fn alerts_every(text: Option<String>) -> Result<Duration> {
    let every = duration("--alerts-every", text, sync_engine::ALERTS_EVERY)?;
    if every.is_zero() {
        bail!("--alerts-every: 0 would ask the database without end; write one such as 10s");
    }
    Ok(every)
}

fn database_timeout(text: Option<String>) -> Result<Duration> {
    let most = duration("--database-timeout", text, store_postgres::OPERATION_MAX)?;
    if most < Duration::from_secs(1) {
        bail!("--database-timeout: no database answers within {most:?}; write 1s or more, such as 30s");
    }
    Ok(most)
}

fn schedule(flag: &str, text: Option<String>, default: Vec<Duration>) -> Result<Vec<Duration>> {
    match text {
        None => Ok(default),
        Some(text) => text.split(',').map(|step| parse_step(flag, step)).collect(),
    }
}

fn parse_step(flag: &str, step: &str) -> Result<Duration> {
    let wait = parse_duration(flag, step)?;
    if wait.is_zero() {
        bail!("{flag}: a wait of 0 sends again without end; write one such as 1s");
    }
    Ok(wait)
}

fn parse_duration(flag: &str, text: &str) -> Result<Duration> {
    let text = text.trim();
    humantime::parse_duration(text)
        .with_context(|| format!("{flag}: `{text}` is not a duration; write one such as 500ms, 5s, 2m or 1h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str) -> Result<Config> {
        let file = tempfile(toml);
        let options = Options { config: Some(file.clone()), ..Options::default() };
        let loaded = options.load();
        std::fs::remove_file(file).unwrap();
        loaded
    }

    fn tempfile(text: &str) -> PathBuf {
        let name = format!("crm-sync-config-{}-{:?}.toml", std::process::id(), std::thread::current().id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_file_holds_any_option_and_flags_win() {
        let toml = "listen = \"127.0.0.1:9000\"\nretry-schedule = \"10ms, 2s\"\nallow-network = [\"10.0.0.0/8\"]\ndata-dir = \"/d\"";
        let config = load(toml).unwrap();
        assert_eq!(config.listen.port(), 9000);
        assert_eq!(config.policy.retry_schedule, [Duration::from_millis(10), Duration::from_secs(2)]);
        assert_eq!(config.allow_networks.len(), 1);
        assert!(matches!(&config.database, Database::Sqlite(path) if path == Path::new("/d/crm-sync.db")));
        let file = tempfile(toml);
        let listen = Some("127.0.0.1:1".parse().unwrap());
        let config = Options { config: Some(file.clone()), listen, ..Options::default() }.load().unwrap();
        std::fs::remove_file(file).unwrap();
        assert_eq!(config.listen.port(), 1);
    }

    #[test]
    fn a_network_may_be_one_address() {
        let config = load("allow-network = [\"10.0.0.0/8\", \"127.0.0.1\", \"fd00::1\"]").unwrap();
        let told: Vec<_> = config.allow_networks.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["10.0.0.0/8", "127.0.0.1/32", "fd00::1/128"]);
        for wrong in ["localhost", "10.0.0.0/33", "10.0.0", ""] {
            let told = network(wrong).unwrap_err();
            assert!(told.starts_with(&format!("`{wrong}` is not a network")) && told.contains("10.1.0.0/16"), "{told}");
        }
    }

    #[test]
    fn the_console_is_on_unless_told_otherwise() {
        assert!(load("").unwrap().console.unwrap().public_url.is_none());
        assert!(load("console = false").unwrap().console.is_none());
        let console = load("public-url = \"https://crm.example\"").unwrap().console.unwrap();
        assert_eq!(console.public_url.unwrap().as_str(), "https://crm.example/");
    }

    #[test]
    fn traces_go_to_the_collectors_own_path() {
        for (given, at) in [
            ("http://c:4318", "http://c:4318/v1/traces"),
            ("https://c/otlp/", "https://c/otlp/v1/traces"),
            ("http://c/v1/traces", "http://c/v1/traces"),
        ] {
            let traces = load(&format!("otlp-endpoint = \"{given}\"")).unwrap().traces.unwrap();
            assert_eq!((traces.endpoint.as_str(), traces.sample_ratio), (at, 1.0));
        }
        assert!(load("otlp-endpoint = \"\"").unwrap().traces.is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (toml, named) in [
            ("lisen = \"x\"", "lisen"),
            ("listen = \"here\"", "listen"),
            ("allow-network = [\"here\"]", "allow-network: `here` is not a network"),
            ("quiet-time = \"soon\"", "--quiet-time: `soon`"),
            ("alerts-every = \"0s\"", "--alerts-every: 0"),
            ("database-timeout = \"0s\"", "--database-timeout: no database answers within 0"),
            ("retry-schedule = \"5s,x\"", "--retry-schedule: `x`"),
            ("retry-schedule = \"5s,0s\"", "--retry-schedule: a wait of 0"),
            ("probe-schedule = \"0ms\"", "--probe-schedule: a wait of 0"),
            ("mode = \"api\"", "--mode"),
            ("mock-crm = \"0.0.0.0:9090\"", "--mock-crm: 0.0.0.0:9090 is not a loopback address"),
            ("mock-crm = \"[::ffff:127.0.0.1]:9090\"", "--mock-crm: [::ffff:127.0.0.1]:9090"),
            ("mock-crm = \"9090\"", "mock-crm"),
            ("mock-crm = \"127.0.0.1:1\"\ndatabase = \"postgres://x\"\nmode = \"dispatch\"", "--mode all"),
            ("database = \"mysql://x\"", "--database"),
            ("database = \"sqlite:\"", "names no file"),
            ("listen = \"127.0.0.1:9\"\nmetrics-listen = \"127.0.0.1:9\"", "--metrics-listen: 127.0.0.1:9"),
            ("public-url = \"crm.example\"", "--public-url: `crm.example`"),
            ("public-url = \"https://crm.example/console\"", "without a path"),
            ("public-url = \"ftp://crm.example\"", "--public-url"),
            ("console = \"no\"", "console"),
            ("otlp-endpoint = \"collector:4317\"", "--otlp-endpoint"),
            ("otlp-endpoint = \"http://c\"\notlp-sample-ratio = 2.0", "--otlp-sample-ratio: 2"),
        ] {
            let error = format!("{:#}", load(toml).unwrap_err());
            assert!(error.contains(named), "{toml}: {error}");
        }
    }
}
