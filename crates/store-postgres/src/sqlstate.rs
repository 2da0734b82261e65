//! What a code of Postgres means (SQLSTATE, Appendix A of its manual). Messages are never looked at: they are in the server's
//! language, and in whatever words a proxy or a trigger chose.

use crate::coded::NO_CODE;

/// What is to be done about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The database aborted the transaction only because of others: it is repeated at once.
    Repeat,
    /// Nothing can be done with the database now, whatever is asked of it. It passes by itself, or an operator mends it.
    Outage,
    /// What was to be written is the cause: it will be refused again, and other rows need not be.
    Data,
    /// Tables or columns are missing: the schema is not this program's.
    Schema,
    /// Not known. It may pass; it may be one row's.
    Unknown,
}

impl Meaning {
    /// What a code means.
    pub(crate) fn of(code: &str) -> Self {
        match code {
            // Serialization failure, deadlock.
            "40001" | "40P01" => Self::Repeat,
            // Undefined table, undefined column.
            "42P01" | "42703" => Self::Schema,
            // A read-only transaction; sessions and transactions that took too long; what is locked or in use.
            "25006" | "25P03" | "25P04" | "55006" | "55P03" => Self::Outage,
            // A WITH CHECK OPTION.
            "44000" => Self::Data,
            _ => match code.get(..2) {
                // Cardinality (one row twice in a statement), data, integrity constraints.
                Some("21" | "22" | "23") => Self::Data,
                // Connections, credentials, transactions rolled back, resources, operators, the system around Postgres.
                Some("08" | "28" | "40" | "53" | "57" | "58") => Self::Outage,
                _ => Self::Unknown,
            },
        }
    }
}

/// Whether by this code one statement is refused, so that the COMMIT behind it commits nothing. Not those by which proxies tell of a
/// server that they lost, whatever it has done by then, and by which a server ends sessions.
pub(crate) fn refuses_statement(code: &str) -> bool {
    code == "57014" || !matches!(code.get(..2), Some("08" | "57"))
}

/// Whether by this code Postgres refuses COMMIT itself: one that is known. Others may tell of what went wrong after it.
pub(crate) fn refuses_commit(code: &str) -> bool {
    match code {
        "40003" => false,
        "57014" => true,
        _ => matches!(
            code.get(..2),
            Some("0A" | "21" | "22" | "23" | "25" | "40" | "42" | "44" | "53" | "54" | "55" | "P0")
        ),
    }
}

/// The code in front of a message, where [`Coded`](crate::coded::Coded) put one.
pub(crate) fn code_of(message: &str) -> Option<&str> {
    let (code, _) = message.strip_prefix('[')?.split_once("] ")?;
    (code.len() == NO_CODE.len()).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Meaning::{Data, Outage, Repeat, Schema, Unknown};

    #[test]
    fn each_class_means_what_it_says() {
        let meanings = [
            ("08000 08003 08006 08P01 25006 25P03 28000 28P01 40002 40003", Outage),
            ("53000 53100 53200 53300 53400 57000 57014 57P01 57P02 57P03 57P05 58000 58030 58P01 55P03", Outage),
            ("21000 22000 22001 22003 22007 22021 22P02 22P05 22030 23502 23503 23505 23514 23P01 44000", Data),
            ("40001 40P01", Repeat),
            ("42P01 42703", Schema),
            ("XX000 XX001 XX002 P0001 0A000 26000 25P02 42501 42601 54000 55000 72000 HV000 99999 -----", Unknown),
        ];
        for (codes, meaning) in meanings {
            for code in codes.split(' ') {
                assert_eq!(Meaning::of(code), meaning, "{code}");
            }
        }
    }

    #[test]
    fn what_may_have_ended_the_session_refuses_nothing() {
        for code in "22012 23505 25006 40001 40P01 42P01 53100 53300 55P03 57014 P0001".split(' ') {
            assert!(refuses_commit(code) && refuses_statement(code), "{code}");
        }
        for code in "08003 08006 08007 08P01 40003 57P01 57P02 58030 XX000 XX001 ----- 99999".split(' ') {
            assert!(!refuses_commit(code), "{code}");
        }
        for code in "08003 08006 08007 08P01 57P01 57P02 57P03".split(' ') {
            assert!(!refuses_statement(code), "{code}");
        }
        assert!(refuses_statement("XX000") && refuses_statement("58030"));
    }

    #[test]
    fn a_code_is_read_where_it_was_put() {
        assert_eq!(code_of("[53100] デバイスに空き領域がありません"), Some("53100"));
        assert_eq!(code_of("[-----] x"), Some("-----"));
        for message in ["", "53100", "connection closed", "[5310] x", "[ü100] x y", "x [53100] y", "[53100]"] {
            assert_eq!(code_of(message).filter(|code| Meaning::of(code) != Unknown), None, "{message}");
        }
    }
}
