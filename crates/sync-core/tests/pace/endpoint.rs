//! Endpoints with a limit, in virtual time.

use bytes::Bytes;
use std::collections::VecDeque;
use sync_core::outcome::{Answer, BodyRead};

/// How an endpoint counts requests.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Window {
    /// By the clock: the count begins anew with each window.
    Fixed,
    /// Over the span before each request.
    Sliding,
    /// As `Sliding`; what is refused counts too.
    SlidingRefusedCount,
    /// Tokens, which come back at a steady rate.
    Bucket {
        /// How many it holds.
        burst: f64,
    },
}

/// What a refusal says.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Says {
    /// 429, and nothing more.
    Nothing,
    /// 429 with `Retry-After`.
    RetryAfter,
    /// 429 with `RateLimit: "default";r=0;t=SECONDS`.
    RateLimit,
    /// 429 with `RateLimit-Reset`, in seconds.
    RateLimitReset,
    /// 429 with `X-RateLimit-Reset`: the end of the window as an epoch.
    ResetEpoch,
    /// 503 with `Retry-After`.
    Unavailable,
}

/// An endpoint that carries out so many requests in each window of so many seconds.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) window: Window,
    pub(crate) limit: u32,
    pub(crate) seconds: f64,
    /// From when on the limit is another.
    pub(crate) changes: &'static [(f64, u32)],
    /// Requests a second of others who share the limit.
    pub(crate) others: fn(f64) -> f64,
    pub(crate) says: Says,
    /// What was counted.
    pub(crate) counted: Counted,
}

/// What an endpoint has counted.
#[derive(Clone, Default)]
pub(crate) struct Counted {
    recent: VecDeque<f64>,
    /// The window that `used` is of.
    current: u64,
    used: u32,
    tokens: f64,
    last: f64,
    /// What the others have asked for, not yet a whole request.
    foreign: f64,
    foreign_at: f64,
}

impl Endpoint {
    pub(crate) fn new(window: Window, limit: u32, seconds: f64) -> Self {
        let tokens = if let Window::Bucket { burst } = window { burst } else { 0.0 };
        Self {
            window,
            limit,
            seconds,
            changes: &[],
            others: |_| 0.0,
            says: Says::Nothing,
            counted: Counted { tokens, ..Counted::default() },
        }
    }

    fn limit_at(&self, at: f64) -> u32 {
        self.changes.iter().rev().find(|(from, _)| at >= *from).map_or(self.limit, |(_, limit)| *limit)
    }

    /// Requests that the others have sent since the last call.
    fn foreign(&mut self, at: f64) -> u32 {
        self.counted.foreign += (self.others)(at) * (at - self.counted.foreign_at);
        self.counted.foreign_at = at;
        let whole = self.counted.foreign.floor();
        self.counted.foreign -= whole;
        whole as u32
    }

    /// Whether a request that reaches it at `at` is carried out.
    pub(crate) fn takes(&mut self, at: f64) -> bool {
        let (limit, foreign) = (self.limit_at(at), self.foreign(at));
        match self.window {
            Window::Fixed => {
                let window = (at / self.seconds) as u64;
                if window != self.counted.current {
                    (self.counted.current, self.counted.used) = (window, 0);
                }
                self.counted.used = (self.counted.used + foreign).min(limit);
                let takes = self.counted.used < limit;
                self.counted.used += u32::from(takes);
                takes
            }
            Window::Sliding | Window::SlidingRefusedCount => {
                while self.counted.recent.front().is_some_and(|first| *first <= at - self.seconds) {
                    self.counted.recent.pop_front();
                }
                let room = (limit as usize).saturating_sub(self.counted.recent.len());
                self.counted.recent.extend(std::iter::repeat_n(at, room.min(foreign as usize)));
                let takes = self.counted.recent.len() < limit as usize;
                if takes || self.window == Window::SlidingRefusedCount {
                    self.counted.recent.push_back(at);
                }
                takes
            }
            Window::Bucket { burst } => {
                let back = (at - self.counted.last) * f64::from(limit) / self.seconds;
                self.counted.tokens = (self.counted.tokens + back - f64::from(foreign)).min(burst);
                self.counted.last = at;
                let takes = self.counted.tokens >= 1.0;
                self.counted.tokens -= f64::from(u8::from(takes));
                takes
            }
        }
    }

    /// Its answer to a request that it refuses at `at`. `epoch`: the seconds since 1970 at virtual time 0.
    pub(crate) fn refusal(&self, at: f64, epoch: f64) -> Answer {
        let wait = match self.window {
            Window::Fixed => ((at / self.seconds).floor() + 1.0) * self.seconds - at,
            Window::Sliding | Window::SlidingRefusedCount => {
                self.counted.recent.front().map_or(1.0, |first| (first + self.seconds - at).max(0.1))
            }
            Window::Bucket { .. } => 1.0,
        };
        let seconds = wait.ceil();
        let (status, header) = match self.says {
            Says::Nothing => (429, None),
            Says::RetryAfter => (429, Some(("retry-after", format!("{seconds}")))),
            Says::RateLimit => (429, Some(("ratelimit", format!("\"default\";r=0;t={seconds}")))),
            Says::RateLimitReset => (429, Some(("ratelimit-reset", format!("{seconds}")))),
            Says::ResetEpoch => (429, Some(("x-ratelimit-reset", format!("{}", (epoch + at + wait).ceil())))),
            Says::Unavailable => (503, Some(("retry-after", format!("{seconds}")))),
        };
        let headers = header.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Answer { status, headers, body: Bytes::new(), body_read: BodyRead::Whole }
    }

    /// How many requests it lets one client have within so many seconds.
    pub(crate) fn allowed(&self, seconds: f64) -> f64 {
        let seconds = seconds as u64;
        (0..seconds)
            .map(|second| {
                let at = second as f64;
                (f64::from(self.limit_at(at)) / self.seconds - (self.others)(at)).max(0.0)
            })
            .sum()
    }
}
