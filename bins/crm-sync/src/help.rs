//! What `--help` and errors of the command line say.
//!
//! Each command takes each option of [`crate::config::Options`], so that a script may give the same ones to all of them; its help
//! lists those that it obeys.

use crate::secret_key;
use crate::serve::BOOTSTRAP_KEY;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Parser};

/// Of commands that open a database.
const DATABASE: [&str; 5] = ["config", "data_dir", "database", "database_timeout", "log_format"];
/// Of a server that runs, whatever its database.
const SERVER: [&str; 11] = [
    "config",
    "log_format",
    "listen",
    "console",
    "public_url",
    "metrics_listen",
    "otlp_endpoint",
    "otlp_sample_ratio",
    "allow_network",
    "alerts_every",
    "grace",
];

/// Secrets are no options, so that they are in no list of processes: the commands that obey them, the variable, and what it is for.
const SECRETS: [(&[&str], &str, &str); 4] = [
    (
        &["serve", "doctor", "rotate-secrets", "move"],
        secret_key::SECRET_KEY,
        "The key that seals the secrets of syncs: 32 bytes in base64, the same for all nodes.\nLeft out with an embedded \
         database: that of the file beside it",
    ),
    (
        &["serve", "doctor", "rotate-secrets", "move"],
        secret_key::SECRET_KEY_PREVIOUS,
        "Former keys, separated by commas, until rotate-secrets has run",
    ),
    (
        &["move"],
        secret_key::SECRET_KEY_TO,
        "The key for the database that is moved to. Left out: CRM_SYNC_SECRET_KEY, else that\nof the file beside an embedded one",
    ),
    (
        &["serve"],
        BOOTSTRAP_KEY,
        "An admin key of your choice, of 32 characters or more, for scripts: a first start\nprints none then",
    ),
];

/// Reads the command line.
pub(crate) fn parse<C: Parser>() -> Result<C, clap::Error> {
    let mut command = with_what_is_obeyed(C::command());
    let matches = command.try_get_matches_from_mut(std::env::args_os()).map_err(with_a_tip)?;
    C::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Whether a command's help lists an option.
fn obeys(command: &str, option: &str) -> bool {
    let (all, more): (&[&str], &[&str]) = match command {
        "serve" => return true,
        "demo" => (&SERVER, &[]),
        "schema" => (&[], &[]),
        "doctor" => (&DATABASE, &["allow_network"]),
        // They mark what was under way as without an answer.
        "after-restore" | "move" => (&DATABASE, &["quiet_time"]),
        "backup" => (&["config", "data_dir", "database", "log_format"], &[]),
        _ => (&DATABASE, &[]),
    };
    all.contains(&option) || more.contains(&option)
}

/// Hides from each command's help what the command does not obey.
fn with_what_is_obeyed(mut command: Command) -> Command {
    let options: Vec<_> = command.get_arguments().filter(|option| option.is_global_set()).cloned().collect();
    for child in command.get_subcommands_mut() {
        let name = child.get_name().to_owned();
        let ignored = options.iter().filter(|option| !obeys(&name, option.get_id().as_str()));
        // A command that has an option already is not given the common one.
        let ignored: Vec<_> = ignored.map(|option| option.clone().hide(true)).collect();
        *child = std::mem::take(child).args(ignored);
        let secrets = secrets(&name);
        if !secrets.is_empty() {
            *child = std::mem::take(child).after_help(format!("Environment:{secrets}"));
        }
    }
    command
}

/// What a command takes from the environment alone.
fn secrets(command: &str) -> String {
    let obeyed = SECRETS.iter().filter(|(commands, ..)| commands.contains(&command));
    obeyed.fold(String::new(), |told, (_, name, what)| {
        told + &format!("\n  {name}\n          {}", what.replace('\n', "\n          "))
    })
}

/// Says where the syncs' ids are found, to those who give none.
fn with_a_tip(mut error: clap::Error) -> clap::Error {
    let missing = (error.kind() == ErrorKind::MissingRequiredArgument).then(|| error.get(ContextKind::InvalidArg));
    if let Some(Some(ContextValue::Strings(missing))) = missing
        && missing.iter().any(|argument| argument.starts_with("--sync "))
    {
        let tip = StyledStr::from("`crm-sync syncs` lists the syncs with their ids");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cli;
    use clap::CommandFactory;

    fn listed(path: &[&str]) -> Vec<String> {
        let mut command = with_what_is_obeyed(Cli::command());
        command.build();
        let found = path.iter().fold(&command, |command, name| command.find_subcommand(name).unwrap());
        let options = found.get_arguments().filter(|option| !option.is_hide_set());
        let mut names: Vec<_> = options.filter_map(|option| Some(option.get_long()?.to_owned())).collect();
        names.retain(|name| !matches!(name.as_str(), "help" | "version"));
        names.sort();
        names
    }

    #[test]
    fn help_lists_what_a_command_obeys() {
        let database = ["config", "data-dir", "database", "database-timeout", "log-format"];
        for path in [&["stats"][..], &["syncs"], &["migrate"], &["rotate-secrets"], &["keys", "list"]] {
            assert_eq!(listed(path), database, "{path:?}");
        }
        assert_eq!(listed(&["backup"]), ["config", "data-dir", "database", "log-format"]);
        assert_eq!(listed(&["retry"]), ["config", "data-dir", "database", "database-timeout", "log-format", "sync"]);
        assert!(listed(&["doctor"]).contains(&"allow-network".to_owned()));
        assert!(listed(&["schema"]).is_empty());
        assert!(!listed(&["demo"]).iter().any(|name| name.starts_with("database") || name == "mode"));
        assert_eq!(listed(&["serve"]), listed(&[]), "all of them");
    }

    #[test]
    fn what_a_command_ignores_is_taken_before_and_after_its_name() {
        let mut command = with_what_is_obeyed(Cli::command());
        for line in [["crm-sync", "stats", "--listen", "127.0.0.1:1"], ["crm-sync", "--listen", "127.0.0.1:1", "stats"]]
        {
            let matches = command.try_get_matches_from_mut(line).unwrap();
            let cli = <Cli as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
            assert_eq!(cli.options.listen, Some("127.0.0.1:1".parse().unwrap()), "{line:?}");
        }
        command.debug_assert();
    }

    #[test]
    fn every_option_that_is_named_is_one() {
        let known: Vec<_> = Cli::command().get_arguments().map(|option| option.get_id().to_string()).collect();
        for name in DATABASE.iter().chain(&SERVER).chain(&["quiet_time"]) {
            assert!(known.iter().any(|option| option == name), "{name}");
        }
    }
}
