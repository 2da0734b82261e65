//! Being told to stop (Ctrl-C, SIGTERM): whatever runs is told too, and what was started is cleared away, since the
//! command that waits for it fails and returns. Told again, what runs is killed.

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::process::{Child, ExitStatus};
use std::sync::Mutex;

/// What runs now, and whether we were told to stop.
static STATE: Mutex<State> = Mutex::new(State { running: None, told: false });

struct State {
    /// The process group of the program that is waited for.
    running: Option<Pid>,
    told: bool,
}

/// Listens from now on.
pub(crate) fn listen() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot listen to signals")?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            let mut state = lock();
            if let Some(running) = state.running {
                eprintln!("xtask: told to stop");
                signal(running, if state.told { Signal::KILL } else { Signal::TERM });
            }
            state.told = true;
        }
    });
    Ok(())
}

/// Fails if we were told to stop.
pub(crate) fn check() -> Result<()> {
    ensure!(!lock().told, "told to stop");
    Ok(())
}

/// Waits for a program that leads a process group of its own, and tells it to stop when we are told.
pub(crate) fn wait(child: &mut Child) -> Result<ExitStatus> {
    let group = Pid::from_child(child);
    {
        let mut state = lock();
        state.running = Some(group);
        // Told between its start and now.
        if state.told {
            signal(group, Signal::TERM);
        }
    }
    let ended = child.wait();
    lock().running = None;
    Ok(ended?)
}

fn signal(group: Pid, signal: Signal) {
    // It may have ended by itself.
    let _gone = kill_process_group(group, signal);
}

fn lock() -> std::sync::MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
