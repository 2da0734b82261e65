//! What Linux counts of processes.

use anyhow::{Context, Result};
use std::path::Path;

/// Linux tells processor time in hundredths of a second on every architecture that Rust runs it on (USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

/// From `/proc/PID/stat`.
struct Stat {
    parent: u32,
    /// User and system time of the process, in ticks.
    own: u64,
    /// The same of its children that ended and were waited for.
    ended_children: u64,
}

impl Stat {
    fn read(pid: u32) -> Result<Self> {
        let path = format!("/proc/{pid}/stat");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        Self::parse(&text).with_context(|| format!("cannot understand {path}"))
    }

    /// See proc_pid_stat(5). The name in parentheses may hold anything, so what counts stands after the last one.
    fn parse(text: &str) -> Option<Self> {
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |field: usize| fields.get(field)?.parse::<u64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: number(11)? + number(12)?,
            ended_children: number(13)? + number(14)?,
        })
    }
}

/// The parent of a process.
pub fn parent(pid: u32) -> Result<u32> {
    Ok(Stat::read(pid)?.parent)
}

/// A process's name, such as `postgres`.
pub fn name(pid: u32) -> Result<String> {
    let path = format!("/proc/{pid}/comm");
    Ok(std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?.trim().to_owned())
}

/// Processor time of a process, in seconds.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    Ok(Stat::read(pid)?.own as f64 / TICKS_PER_SECOND)
}

/// Processor time of a process and its children, those that ended included, in seconds.
pub fn family_cpu_seconds(pid: u32) -> Result<f64> {
    let own = Stat::read(pid)?;
    let mut ticks = own.own + own.ended_children;
    for process in children(pid)? {
        // One that ended meanwhile cannot be read, and is counted as ended the next time.
        if let Ok(stat) = Stat::read(process) {
            ticks += stat.own + stat.ended_children;
        }
    }
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// The most memory that a process ever held, in MiB.
pub fn peak_memory_mib(pid: u32) -> Result<f64> {
    status_mib(pid, "VmHWM:")
}

fn status_mib(pid: u32, name: &str) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    Ok(kib.with_context(|| format!("{path} tells no {name}"))? / 1024.0)
}

/// How busy the machine was during the last minute: processes that ran or wanted to.
pub fn load_average() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").context("cannot read /proc/loadavg")?;
    text.split_whitespace().next().and_then(|load| load.parse().ok()).context("cannot understand /proc/loadavg")
}

/// The memory that a process holds now and that is its own (files that it maps are the system's to drop), in MiB.
pub fn own_memory_mib(pid: u32) -> Result<f64> {
    status_mib(pid, "RssAnon:")
}

/// The processes that a process has begun and that run.
pub fn children(pid: u32) -> Result<Vec<u32>> {
    let processes = std::fs::read_dir("/proc").context("cannot list /proc")?;
    let processes = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // One that ended meanwhile cannot be read.
    Ok(processes.filter(|process| Stat::read(*process).is_ok_and(|stat| stat.parent == pid)).collect())
}

/// Sends a signal, such as `STOP`, to processes. One that has ended is passed over.
pub fn signal(signal: &str, pids: &[u32]) {
    for pid in pids {
        let mut kill = std::process::Command::new("kill");
        kill.arg(format!("-{signal}")).arg(pid.to_string());
        let _gone = kill.stderr(std::process::Stdio::null()).status();
    }
}

/// Bytes of all files in a directory whose name begins so.
pub fn bytes_of_files(directory: &Path, name: &str) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(name) {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_name_with_parentheses() {
        let text = "7 (a) b (c) S 3 7 7 0 -1 4194304 1 2 3 4 100 20 5 6 20 0 9 0 100 1 1";
        let stat = Stat::parse(text).unwrap();
        assert_eq!((stat.parent, stat.own, stat.ended_children), (3, 120, 11));
        assert!(Stat::parse("7 (a) S 3").is_none());
    }

    #[test]
    fn reads_the_running_process() {
        let own = std::process::id();
        assert!(peak_memory_mib(own).unwrap() > 1.0);
        assert!(cpu_seconds(own).unwrap() <= family_cpu_seconds(own).unwrap() + 0.1);
        assert!(!name(parent(own).unwrap()).unwrap().is_empty());
    }
}
