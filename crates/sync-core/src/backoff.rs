//! When something is tried again, and the other delays of the rules. Durable retries are data: a step, a delay.

use std::time::Duration;

/// The delays of the rules. Shortened by tests and rehearsals; the defaults are the product's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Waits between tries; after the last one the link is parked *retries spent*. Not empty.
    pub retry_schedule: Vec<Duration>,
    /// Waits between the probes of a suspended sync; the last one repeats. Not empty.
    pub probe_schedule: Vec<Duration>,
    /// After *sent, no answer*, nothing is sent for the link for at least this long (or the request's timeout).
    pub quiet_time: Duration,
    /// A change during backoff is sent no earlier than this after the last try.
    pub change_floor: Duration,
    /// The longest wait of a failure that uses up no tries, and the longest step of its schedule.
    pub deferral_max: Duration,
}

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

impl Default for Policy {
    fn default() -> Self {
        let retry = [
            5 * SECOND,
            30 * SECOND,
            2 * MINUTE,
            10 * MINUTE,
            30 * MINUTE,
            HOUR,
            3 * HOUR,
            6 * HOUR,
            12 * HOUR,
            24 * HOUR,
            24 * HOUR,
        ];
        let probe = [30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR];
        Self::new(
            retry.into_iter().map(Duration::from_secs).collect(),
            probe.into_iter().map(Duration::from_secs).collect(),
            Duration::from_secs(30),
        )
    }
}

impl Policy {
    /// A policy with the given schedules; an empty schedule becomes one step of an hour. The floor for changes during
    /// backoff is 30 s, and shrinks with a shortened retry schedule to its longest step.
    pub fn new(mut retry_schedule: Vec<Duration>, mut probe_schedule: Vec<Duration>, quiet_time: Duration) -> Self {
        for schedule in [&mut retry_schedule, &mut probe_schedule] {
            if schedule.is_empty() {
                schedule.push(Duration::from_secs(HOUR));
            }
        }
        let longest = retry_schedule.iter().max().copied().unwrap_or_default();
        let change_floor = Duration::from_secs(30).min(longest);
        Self {
            retry_schedule,
            probe_schedule,
            quiet_time,
            change_floor,
            deferral_max: Duration::from_secs(HOUR).min(longest),
        }
    }

    /// The wait after the try numbered `tries` (from 1); `None` where the schedule is spent.
    pub fn retry_delay(&self, tries: i16, jitter: f64) -> Option<Duration> {
        let step = usize::try_from(tries).ok()?.checked_sub(1)?;
        self.retry_schedule.get(step).map(|&step| spread(step, jitter))
    }

    /// The tries used up when one is left.
    pub fn last_try(&self) -> i16 {
        i16::try_from(self.retry_schedule.len()).unwrap_or(i16::MAX)
    }

    /// How long the whole schedule takes at least.
    pub fn schedule_takes(&self) -> Duration {
        self.retry_schedule.iter().sum::<Duration>().mul_f64(0.7)
    }

    /// The wait after the deferral numbered `deferrals` (from 1): the retry schedule's steps, at most
    /// [`Self::deferral_max`], without end.
    pub fn deferral_delay(&self, deferrals: i16, jitter: f64) -> Duration {
        let step = usize::try_from(deferrals).unwrap_or(0).saturating_sub(1).min(self.retry_schedule.len() - 1);
        spread(self.retry_schedule[step].min(self.deferral_max), jitter)
    }

    /// The wait before the probe after `failed` failed ones.
    pub fn probe_delay(&self, failed: i16) -> Duration {
        let step = usize::try_from(failed).unwrap_or(0).min(self.probe_schedule.len() - 1);
        self.probe_schedule[step]
    }

    /// How long nothing is sent after a request with this timeout got no answer.
    pub fn quiet_after(&self, timeout: Duration) -> Duration {
        // A shortened quiet time (tests, rehearsals) shortens all of it.
        if self.quiet_time < Duration::from_secs(30) { self.quiet_time } else { self.quiet_time.max(timeout) }
    }
}

/// step × (0.75 + 0.5 × jitter), jitter from 0 to 1: so the sum keeps its mean.
pub fn spread(step: Duration, jitter: f64) -> Duration {
    step.mul_f64(0.75 + 0.5 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_takes_about_three_days_and_then_ends() {
        let policy = Policy::default();
        let hours = |jitter| {
            (1..).map_while(|tries| policy.retry_delay(tries, jitter)).map(|d| d.as_secs_f64()).sum::<f64>() / 3600.0
        };
        assert!((70.0..72.0).contains(&hours(0.5)), "{}", hours(0.5));
        assert!(hours(0.0) > 52.0 && hours(1.0) < 90.0);
        assert_eq!(policy.retry_delay(12, 0.5), None);
        assert_eq!(policy.retry_delay(0, 0.5), None);
    }

    #[test]
    fn deferrals_never_end_and_never_wait_much_more_than_an_hour() {
        let policy = Policy::default();
        for deferrals in [0, 1, 5, 40, i16::MAX] {
            let delay = policy.deferral_delay(deferrals, 1.0);
            assert!(delay >= Duration::from_secs(5) && delay <= Duration::from_secs(4500), "{delay:?}");
        }
    }

    #[test]
    fn a_shortened_schedule_shortens_the_floors() {
        let policy = Policy::new(vec![Duration::from_millis(50)], vec![], Duration::from_millis(20));
        assert_eq!(policy.change_floor, Duration::from_millis(50));
        assert_eq!(policy.quiet_after(Duration::from_secs(10)), Duration::from_millis(20));
        assert_eq!(policy.probe_delay(7), Duration::from_secs(3600));
    }
}
