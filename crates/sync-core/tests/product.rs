//! The full product: link state × person × request × what may come of it. Each is either in a table below, which says
//! what it means, or unreachable: then `decide` never sends that request in that state, whatever the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::claim::Known;
use sync_core::decide::{Decision, SyncRules, decide};
use sync_core::digest::Digest;
use sync_core::governor::{Signal, Trouble};
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::judge::{Judging, Reading, judge};
use sync_core::link::{Asking, CreateKey, KeptAnswer, Link, LinkState, Notes, Sent, StateName, UniqueId};
use sync_core::log::LogOutcome;
use sync_core::outcome::{Answer, BodyRead, NoAnswer, NotSent, Outcome};
use sync_core::person::Person;
use sync_core::settle::{Attempt, Context, Next, Settled, settle};
use sync_core::sync::{AdoptedRecords, LookupWhen, OnExisting, OnMissing, OnUncertain, Operation};
use sync_core::time::Timestamp;
use sync_core::unique_id::IdFault;
use uuid::Uuid;

/// What may come of every request, beside the ways in which it may be accepted.
const COMMON: [&str; 37] = [
    "300",
    "302",
    "307",
    "400",
    "401",
    "403",
    "404",
    "408",
    "409",
    "410",
    "412",
    "421",
    "422",
    "423",
    "425",
    "429",
    "429+",
    "500",
    "501",
    "502",
    "503",
    "503+",
    "504",
    "505",
    "599",
    "page",
    "address",
    "dns",
    "connection",
    "unprocessed",
    "connect timeout",
    "tls",
    "released",
    "timeout",
    "cut",
    "malformed",
    "crashed",
];

/// One request in one state.
struct Table {
    name: &'static str,
    /// In which states it is sent, and for whom: p(resent), d(eleted), g(one: purged).
    sent: &'static [(StateName, &'static str)],
    operation: Operation,
    repeat: bool,
    /// Rules that differ from the usual ones.
    rules: fn(&mut SyncRules),
    /// What is remembered of the link.
    notes: fn(&mut Notes),
    /// The ways in which it may be accepted, and whatever else is particular.
    own: &'static [&'static str],
    /// what came | state then | next | digest | tries | key and first snapshot | what it says of the endpoint
    ///
    /// State: `=` as before. Next: `gone` is removed, or owed at once for a person who is there; `quiet` is later, and
    /// nothing before. Digest: of what the system last accepted. Tries: `0` set back, `+1` one used up, `endpoint` none.
    rows: &'static str,
}

use StateName as S;

const FOUND: [&str; 7] =
    ["2xx one", "2xx none", "2xx several", "2xx unreadable", "2xx cut", "2xx no proof", "404 of a rule that has found"];

const TABLES: [Table; 13] = [
    Table {
        name: "create",
        sent: &[(S::Unlinked, "p")],
        operation: Operation::Create,
        repeat: false,
        rules: |_| {},
        notes: |_| {},
        own: &["2xx", "2xx no id", "2xx unreadable"],
        rows: "
            2xx                                          | Linked new    | done            | new   | 0        | dropped | accepted
            2xx no id, 2xx unreadable                    | Unaddressable | park NoUniqueId | empty | =        | dropped | silent
            page                                         | Uncertain     | later           | none  | +1       | kept    | page
            300, 302                                     | Uncertain     | park Redirected | none  | =        | kept    | refuses
            307                                          | =             | park Redirected | none  | =        | dropped | refuses
            400, 404, 409, 410, 412, 422                 | =             | park Refused    | none  | =        | dropped | refuses
            401                                          | =             | later           | none  | endpoint | kept    | down
            403                                          | =             | later           | none  | +1       | dropped | forbidden
            421, 423, 425                                | =             | later           | none  | +1       | kept    | works
            429                                          | =             | later           | none  | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | none  | endpoint | kept    | hold
            501, 503, 505                                | =             | later           | none  | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | Uncertain     | later           | none  | +1       | kept    | fails
            timeout, cut, malformed, crashed             | Uncertain     | quiet           | none  | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | none  | endpoint | kept    | down
            unprocessed                                    | =           | later           | none  | endpoint | kept    | fails
            released                                     | =             | now             | none  | =        | kept    | nothing
        ",
    },
    Table {
        name: "repeated create",
        sent: &[(S::Uncertain, "pdg"), (S::Unlinked, "p")],
        operation: Operation::Create,
        repeat: true,
        rules: |_| {},
        notes: |notes| notes.repeats = true,
        own: &["2xx", "2xx no id", "2xx unreadable"],
        rows: "
            2xx                                          | Linked new    | now             | empty | 0        | dropped | accepted
            2xx no id, 2xx unreadable                    | Unaddressable | park NoUniqueId | empty | =        | dropped | silent
            page                                         | Uncertain     | later           | none  | +1       | kept    | page
            300, 302, 307                                | Uncertain     | park Redirected | none  | =        | kept    | refuses
            400, 404, 409, 410, 412, 422                 | Uncertain     | park Uncertain  | none  | =        | kept    | refuses
            401                                          | =             | later           | none  | endpoint | kept    | down
            403                                          | Uncertain     | later           | none  | +1       | kept    | forbidden
            421, 423, 425                                | =             | later           | none  | +1       | kept    | works
            429                                          | =             | later           | none  | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | none  | endpoint | kept    | hold
            501, 503, 505                                | =             | later           | none  | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | Uncertain     | later           | none  | +1       | kept    | fails
            timeout, cut, malformed, crashed             | Uncertain     | quiet           | none  | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | none  | endpoint | kept    | down
            unprocessed                                    | =           | later           | none  | endpoint | kept    | fails
            released                                     | =             | now             | none  | =        | kept    | nothing
        ",
    },
    Table {
        name: "update",
        sent: &[(S::Linked, "p")],
        operation: Operation::Update,
        repeat: false,
        rules: |_| {},
        notes: |_| {},
        own: &["2xx", "2xx unreadable"],
        rows: "
            2xx, 2xx unreadable                          | =             | done            | new   | 0        | kept    | accepted
            page                                         | =             | later           | empty | +1       | kept    | page
            300, 302, 307                                | =             | park Redirected | empty | =        | kept    | refuses
            404, 410                                     | =             | park Missing    | empty | =        | kept    | refuses
            400, 412, 422                                | =             | park Refused    | empty | =        | kept    | refuses
            401                                          | =             | later           | empty | endpoint | kept    | down
            403                                          | =             | later           | empty | +1       | kept    | forbidden
            409, 421, 423, 425                           | =             | later           | empty | +1       | kept    | works
            429                                          | =             | later           | old   | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | old   | endpoint | kept    | hold
            503                                          | =             | later           | old   | endpoint | kept    | fails
            501, 505                                     | =             | later           | empty | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | =             | later           | empty | +1       | kept    | fails
            timeout, cut, malformed, crashed             | =             | quiet           | empty | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | old   | endpoint | kept    | down
            unprocessed                                    | =           | later           | old   | endpoint | kept    | fails
            released                                     | =             | now             | old   | =        | kept    | nothing
        ",
    },
    Table {
        name: "update after a delete that may have been carried out, delete being off by now",
        sent: &[(S::Leaving, "p")],
        operation: Operation::Update,
        repeat: false,
        rules: |rules| rules.delete_on = false,
        notes: |_| {},
        own: &["2xx", "2xx unreadable"],
        rows: "
            2xx, 2xx unreadable                          | Linked old    | done            | new   | 0        | kept    | accepted
            page                                         | =             | later           | empty | +1       | kept    | page
            300, 302, 307                                | =             | park Redirected | empty | =        | kept    | refuses
            404, 410                                     | Unlinked      | now             | none  | =        | dropped | refuses
            400, 412, 422                                | =             | park Refused    | empty | =        | kept    | refuses
            401                                          | =             | later           | empty | endpoint | kept    | down
            403                                          | =             | later           | empty | +1       | kept    | forbidden
            409, 421, 423, 425                           | =             | later           | empty | +1       | kept    | works
            429                                          | =             | later           | old   | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | old   | endpoint | kept    | hold
            503                                          | =             | later           | old   | endpoint | kept    | fails
            501, 505                                     | =             | later           | empty | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | =             | later           | empty | +1       | kept    | fails
            timeout, cut, malformed, crashed             | =             | quiet           | empty | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | old   | endpoint | kept    | down
            unprocessed                                    | =           | later           | old   | endpoint | kept    | fails
            released                                     | =             | now             | old   | =        | kept    | nothing
        ",
    },
    Table {
        name: "delete",
        sent: &[(S::Linked, "dg"), (S::Leaving, "pdg")],
        operation: Operation::Delete,
        repeat: false,
        rules: |_| {},
        notes: |_| {},
        own: &["2xx", "2xx unreadable"],
        rows: "
            2xx, 2xx unreadable                          | Unlinked      | gone            | none  | 0        | dropped | accepted
            404, 410                                     | Unlinked      | gone            | none  | 0        | dropped | missing
            page                                         | Leaving old   | later           | empty | +1       | kept    | page
            300, 302                                     | Leaving old   | park Redirected | empty | =        | kept    | refuses
            307                                          | =             | park Redirected | empty | =        | kept    | refuses
            400, 412, 422                                | =             | park Refused    | empty | =        | kept    | refuses
            403                                          | =             | later           | empty | +1       | kept    | forbidden
            409, 421, 423, 425                           | =             | later           | old   | +1       | kept    | works
            429                                          | =             | later           | old   | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | old   | endpoint | kept    | hold
            401                                          | =             | later           | old   | endpoint | kept    | down
            501, 503, 505                                | =             | later           | old   | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | Leaving old   | later           | empty | +1       | kept    | fails
            timeout, cut, malformed, crashed             | Leaving old   | quiet           | empty | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | old   | endpoint | kept    | down
            unprocessed                                    | =           | later           | old   | endpoint | kept    | fails
            released                                     | =             | now             | old   | =        | kept    | nothing
        ",
    },
    Table {
        name: "delete at the id that we chose",
        sent: &[(S::Uncertain, "dg")],
        operation: Operation::Delete,
        repeat: false,
        rules: |rules| rules.chosen_id = true,
        notes: |_| {},
        own: &["2xx", "2xx unreadable"],
        rows: "
            2xx, 2xx unreadable                          | Unlinked      | gone            | none  | 0        | dropped | accepted
            404, 410                                     | Unlinked      | gone            | none  | 0        | dropped | missing
            page                                         | Leaving old   | later           | none  | +1       | kept    | page
            300, 302                                     | Leaving old   | park Redirected | none  | =        | kept    | refuses
            307                                          | =             | park Redirected | none  | =        | kept    | refuses
            400, 412, 422                                | =             | park Refused    | none  | =        | kept    | refuses
            403                                          | =             | later           | none  | +1       | kept    | forbidden
            409, 421, 423, 425                           | =             | later           | none  | +1       | kept    | works
            429                                          | =             | later           | none  | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | none  | endpoint | kept    | hold
            401                                          | =             | later           | none  | endpoint | kept    | down
            501, 503, 505                                | =             | later           | none  | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | Leaving old   | later           | none  | +1       | kept    | fails
            timeout, cut, malformed, crashed             | Leaving old   | quiet           | none  | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | none  | endpoint | kept    | down
            unprocessed                                    | =           | later           | none  | endpoint | kept    | fails
            released                                     | =             | now             | none  | =        | kept    | nothing
        ",
    },
    Table {
        name: "lookup of what a create in doubt made",
        sent: &[(S::Uncertain, "p")],
        operation: Operation::Lookup,
        repeat: false,
        rules: |rules| rules.lookup = true,
        notes: |_| {},
        own: &FOUND,
        rows: "
            2xx one                                      | Linked new    | now             | empty | =        | dropped | accepted
            2xx none, 404 of a rule that has found       | Unlinked      | now             | none  | =        | kept    | accepted
            2xx several                                  | =             | park Ambiguous  | none  | =        | kept    | accepted
            2xx unreadable, 2xx cut, 2xx no proof, 404, 410 | =          | later           | none  | +1       | kept    | works
            page                                         | =             | later           | none  | +1       | kept    | page
            300, 302, 307                                | =             | park Redirected | none  | =        | kept    | refuses
            400, 409, 412, 422                           | =             | park Refused    | none  | =        | kept    | refuses
            401                                          | =             | later           | none  | endpoint | kept    | down
            403                                          | =             | later           | none  | +1       | kept    | forbidden
            421, 423, 425                                | =             | later           | none  | +1       | kept    | works
            429                                          | =             | later           | none  | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | none  | endpoint | kept    | hold
            501, 503, 505                                | =             | later           | none  | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | =             | later           | none  | +1       | kept    | fails
            timeout, cut, malformed, crashed             | =             | later           | none  | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | none  | endpoint | kept    | down
            unprocessed                                    | =           | later           | none  | endpoint | kept    | fails
            released                                     | =             | now             | none  | =        | kept    | nothing
        ",
    },
    Table {
        name: "lookup of what a create in doubt made, for a deleted person",
        sent: &[(S::Uncertain, "dg")],
        operation: Operation::Lookup,
        repeat: false,
        rules: |rules| rules.lookup = true,
        notes: |_| {},
        own: &FOUND,
        rows: "
            2xx one                                      | Linked new    | now             | empty | =        | dropped | accepted
            2xx none, 404 of a rule that has found       | =             | later           | none  | =        | kept    | accepted
            2xx several                                  | =             | park Ambiguous  | none  | =        | kept    | accepted
            2xx unreadable, 2xx cut, 2xx no proof, 404, 410 | =          | later           | none  | +1       | kept    | works
            page                                         | =             | later           | none  | +1       | kept    | page
            300, 302, 307                                | =             | park Redirected | none  | =        | kept    | refuses
            400, 409, 412, 422                           | =             | park Refused    | none  | =        | kept    | refuses
            401                                          | =             | later           | none  | endpoint | kept    | down
            403                                          | =             | later           | none  | +1       | kept    | forbidden
            421, 423, 425                                | =             | later           | none  | +1       | kept    | works
            429                                          | =             | later           | none  | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | none  | endpoint | kept    | hold
            501, 503, 505                                | =             | later           | none  | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | =             | later           | none  | +1       | kept    | fails
            timeout, cut, malformed, crashed             | =             | later           | none  | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | none  | endpoint | kept    | down
            unprocessed                                    | =           | later           | none  | endpoint | kept    | fails
            released                                     | =             | now             | none  | =        | kept    | nothing
        ",
    },
    Table {
        name: "lookup of an accepted record without an id",
        sent: &[(S::Unaddressable, "p")],
        operation: Operation::Lookup,
        repeat: false,
        rules: |rules| rules.lookup = true,
        notes: |_| {},
        own: &FOUND,
        rows: "
            2xx one                                      | Linked new    | now             | empty | =        | dropped | accepted
            2xx none                                     | =             | park NoUniqueId | empty | =        | kept    | accepted
            404 of a rule that has found                 | Unlinked      | now             | none  | =        | dropped | vanished
            2xx several                                  | =             | park Ambiguous  | empty | =        | kept    | accepted
            2xx unreadable, 2xx cut, 2xx no proof, 404, 410 | =          | later           | empty | +1       | kept    | works
            page                                         | =             | later           | empty | +1       | kept    | page
            300, 302, 307                                | =             | park Redirected | empty | =        | kept    | refuses
            400, 409, 412, 422                           | =             | park Refused    | empty | =        | kept    | refuses
            401                                          | =             | later           | empty | endpoint | kept    | down
            403                                          | =             | later           | empty | +1       | kept    | forbidden
            421, 423, 425                                | =             | later           | empty | +1       | kept    | works
            429                                          | =             | later           | empty | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | empty | endpoint | kept    | hold
            501, 503, 505                                | =             | later           | empty | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | =             | later           | empty | +1       | kept    | fails
            timeout, cut, malformed, crashed             | =             | later           | empty | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | empty | endpoint | kept    | down
            unprocessed                                    | =           | later           | empty | endpoint | kept    | fails
            released                                     | =             | now             | empty | =        | kept    | nothing
        ",
    },
    Table {
        name: "lookup of an accepted record without an id, for a deleted person",
        sent: &[(S::Unaddressable, "dg")],
        operation: Operation::Lookup,
        repeat: false,
        rules: |rules| rules.lookup = true,
        notes: |_| {},
        own: &FOUND,
        rows: "
            2xx one                                      | Linked new    | now             | empty | =        | dropped | accepted
            2xx none                                     | =             | park NoUniqueId | empty | =        | kept    | accepted
            404 of a rule that has found                 | =             | later           | empty | =        | kept    | vanished
            2xx several                                  | =             | park Ambiguous  | empty | =        | kept    | accepted
            2xx unreadable, 2xx cut, 2xx no proof, 404, 410 | =          | later           | empty | +1       | kept    | works
            page                                         | =             | later           | empty | +1       | kept    | page
            300, 302, 307                                | =             | park Redirected | empty | =        | kept    | refuses
            400, 409, 412, 422                           | =             | park Refused    | empty | =        | kept    | refuses
            401                                          | =             | later           | empty | endpoint | kept    | down
            403                                          | =             | later           | empty | +1       | kept    | forbidden
            421, 423, 425                                | =             | later           | empty | +1       | kept    | works
            429                                          | =             | later           | empty | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | empty | endpoint | kept    | hold
            501, 503, 505                                | =             | later           | empty | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | =             | later           | empty | +1       | kept    | fails
            timeout, cut, malformed, crashed             | =             | later           | empty | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | empty | endpoint | kept    | down
            unprocessed                                    | =           | later           | empty | endpoint | kept    | fails
            released                                     | =             | now             | empty | =        | kept    | nothing
        ",
    },
    Table {
        name: "lookup before a first create",
        sent: &[(S::Unlinked, "p")],
        operation: Operation::Lookup,
        repeat: false,
        rules: |rules| (rules.lookup, rules.lookup_when) = (true, LookupWhen::Always),
        notes: |_| {},
        own: &FOUND,
        rows: "
            2xx one                                      | Linked new    | now             | none  | =        | dropped | accepted
            2xx none, 404 of a rule that has found       | =             | now             | none  | =        | kept    | accepted
            2xx several                                  | =             | park Ambiguous  | none  | =        | kept    | accepted
            2xx unreadable, 2xx cut, 2xx no proof, 404, 410 | =          | later           | none  | +1       | kept    | works
            page                                         | =             | later           | none  | +1       | kept    | page
            300, 302, 307                                | =             | park Redirected | none  | =        | kept    | refuses
            400, 409, 412, 422                           | =             | park Refused    | none  | =        | kept    | refuses
            401                                          | =             | later           | none  | endpoint | kept    | down
            403                                          | =             | later           | none  | +1       | kept    | forbidden
            421, 423, 425                                | =             | later           | none  | +1       | kept    | works
            429                                          | =             | later           | none  | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | none  | endpoint | kept    | hold
            501, 503, 505                                | =             | later           | none  | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | =             | later           | none  | +1       | kept    | fails
            timeout, cut, malformed, crashed             | =             | later           | none  | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | none  | endpoint | kept    | down
            unprocessed                                    | =           | later           | none  | endpoint | kept    | fails
            released                                     | =             | now             | none  | =        | kept    | nothing
        ",
    },
    Table {
        name: "lookup of where a record went that is gone",
        sent: &[(S::Linked, "p")],
        operation: Operation::Lookup,
        repeat: false,
        rules: |rules| (rules.lookup, rules.on_missing) = (true, OnMissing::Lookup),
        notes: |notes| {
            notes.asking = Some(Asking::Gone("answered 404".to_owned()));
            notes.lookup_digest = Some(NEW);
        },
        own: &FOUND,
        rows: "
            2xx one                                      | Linked new    | now             | empty | =        | dropped | accepted
            2xx none                                     | =             | park Missing    | old   | =        | kept    | accepted
            404 of a rule that has found                 | Unlinked      | now             | none  | =        | dropped | accepted
            2xx several                                  | =             | park Ambiguous  | old   | =        | kept    | accepted
            2xx unreadable, 2xx cut, 2xx no proof, 404, 410 | =          | later           | old   | +1       | kept    | works
            page                                         | =             | later           | old   | +1       | kept    | page
            300, 302, 307                                | =             | park Redirected | old   | =        | kept    | refuses
            400, 409, 412, 422                           | =             | park Refused    | old   | =        | kept    | refuses
            401                                          | =             | later           | old   | endpoint | kept    | down
            403                                          | =             | later           | old   | +1       | kept    | forbidden
            421, 423, 425                                | =             | later           | old   | +1       | kept    | works
            429                                          | =             | later           | old   | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | old   | endpoint | kept    | hold
            501, 503, 505                                | =             | later           | old   | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | =             | later           | old   | +1       | kept    | fails
            timeout, cut, malformed, crashed             | =             | later           | old   | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | old   | endpoint | kept    | down
            unprocessed                                    | =           | later           | old   | endpoint | kept    | fails
            released                                     | =             | now             | old   | =        | kept    | nothing
        ",
    },
    Table {
        name: "lookup of a deleted person's record that may have moved",
        sent: &[(S::Linked, "dg"), (S::Leaving, "pdg")],
        operation: Operation::Lookup,
        repeat: false,
        rules: |rules| (rules.lookup, rules.follow_id) = (true, true),
        notes: |notes| {
            notes.asking = Some(Asking::Gone("answered 404".to_owned()));
            notes.may_have_moved = true;
            // The same search as when it was accepted last.
            notes.lookup_digest = Some(NEW);
            notes.none_for_deleted = true;
        },
        own: &FOUND,
        rows: "
            2xx one                                      | Linked new    | now             | empty | =        | dropped | accepted
            2xx none                                     | =             | park Missing    | old   | =        | kept    | accepted
            404 of a rule that has found                 | Unlinked      | gone            | none  | =        | dropped | accepted
            2xx several                                  | =             | park Ambiguous  | old   | =        | kept    | accepted
            2xx unreadable, 2xx cut, 2xx no proof, 404, 410 | =          | later           | old   | +1       | kept    | works
            page                                         | =             | later           | old   | +1       | kept    | page
            300, 302, 307                                | =             | park Redirected | old   | =        | kept    | refuses
            400, 409, 412, 422                           | =             | park Refused    | old   | =        | kept    | refuses
            401                                          | =             | later           | old   | endpoint | kept    | down
            403                                          | =             | later           | old   | +1       | kept    | forbidden
            421, 423, 425                                | =             | later           | old   | +1       | kept    | works
            429                                          | =             | later           | old   | endpoint | kept    | limited
            429+, 503+                                   | =             | later           | old   | endpoint | kept    | hold
            501, 503, 505                                | =             | later           | old   | endpoint | kept    | fails
            408, 500, 502, 504, 599                      | =             | later           | old   | +1       | kept    | fails
            timeout, cut, malformed, crashed             | =             | later           | old   | +1       | kept    | fails
            address, dns, connection, connect timeout, tls | =           | later           | old   | endpoint | kept    | down
            unprocessed                                    | =           | later           | old   | endpoint | kept    | fails
            released                                     | =             | now             | old   | =        | kept    | nothing
        ",
    },
];

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
const OLD: Digest = Digest([1; 32]);
const NEW: Digest = Digest([2; 32]);

fn usual_rules() -> SyncRules {
    SyncRules {
        revision: 1,
        unique_id_revision: 1,
        create_on: true,
        update_on: true,
        delete_on: true,
        lookup: false,
        lookup_when: LookupWhen::Uncertain,
        lookup_settle: Duration::from_secs(30),
        lookup_empty_status: None,
        lookup_names_person: false,
        chosen_id: false,
        chosen_of_person: false,
        id_in_header: false,
        follow_id: false,
        refuses_pages: true,
        unique_id: true,
        create_mentions_key: true,
        on_uncertain: OnUncertain::Resend,
        on_existing: OnExisting::Park,
        on_missing: OnMissing::Park,
        adopted: AdoptedRecords::Keep,
    }
}

fn link_in(state: StateName) -> Link {
    let id = LinkId { account: AccountId(Uuid::nil()), sync: SyncId(Uuid::nil()), person: PersonId::new("p").unwrap() };
    let mut link = Link::new(id, NOW);
    let unique_id = UniqueId::text("old").filter(|_| matches!(state, S::Linked | S::Leaving));
    link.state = LinkState::from_parts(state, unique_id).unwrap();
    (link.tries, link.deferrals) = (2, 1);
    let digest = Some(OLD).filter(|_| state != S::Unaddressable);
    link.sent = (!matches!(state, S::Unlinked | S::Uncertain)).then_some(Sent { version: 3, revision: 1, digest });
    if matches!(state, S::Unlinked | S::Uncertain) {
        link.key = Some(CreateKey { key: Uuid::from_u128(1), version: 2, first_used_at: NOW });
    }
    if state == S::Unaddressable {
        let answer = KeptAnswer { status: 201, headers: vec![], body: "{}".into(), looked_at_revision: 1 };
        link.extras.answer = Some(Box::new(answer));
    }
    link
}

fn person(who: char) -> Option<Person> {
    let person = Person::empty(PersonId::new("p").unwrap(), 5, NOW);
    match who {
        'p' => Some(person),
        'd' => Some(Person { deleted_at: Some(NOW), ..person }),
        _ => None,
    }
}

/// What came, with what is read from it.
fn outcome(class: &str, operation: Operation) -> (Outcome, Reading) {
    let answer = |status, headers: &[(&str, &str)], body_read| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Outcome::Answered(Answer { status, headers, body: bytes::Bytes::new(), body_read })
    };
    let unique = |id: &str| UniqueId::text(id).unwrap();
    let accepted = |body_read, reading| (answer(200, &[], body_read), reading);
    let ids = |ids, proves_none| Reading::Found { ids, proves_none };
    match class {
        "2xx" if operation == Operation::Create => accepted(BodyRead::Whole, Reading::Id(Ok(unique("new")))),
        "2xx no id" => accepted(BodyRead::Whole, Reading::Id(Err(IdFault::Nothing))),
        "2xx unreadable" if operation == Operation::Lookup => {
            accepted(BodyRead::Whole, ids(Err(IdFault::Unreadable), false))
        }
        "2xx cut" => accepted(BodyRead::Cut, ids(Err(IdFault::Unreadable), false)),
        "2xx unreadable" if operation == Operation::Create => {
            accepted(BodyRead::Cut, Reading::Id(Err(IdFault::Unreadable)))
        }
        "2xx unreadable" => accepted(BodyRead::Cut, Reading::Nothing),
        "2xx" => accepted(BodyRead::Whole, Reading::Nothing),
        "2xx one" => accepted(BodyRead::Whole, ids(Ok(vec![unique("new")]), false)),
        "2xx none" => accepted(BodyRead::Whole, ids(Ok(vec![]), true)),
        "2xx no proof" => accepted(BodyRead::Whole, ids(Ok(vec![]), false)),
        "page" => {
            let body = bytes::Bytes::from_static(b"\xEF\xBB\xBF\r\n <!DOCTYPE HTML><title>Back soon</title>");
            let page = Answer { status: 200, headers: vec![], body, body_read: BodyRead::Whole };
            let reading = match operation {
                Operation::Create => Reading::Id(Err(IdFault::Unreadable)),
                Operation::Lookup => ids(Err(IdFault::Unreadable), false),
                _ => Reading::Nothing,
            };
            (Outcome::Answered(page), reading)
        }
        "2xx several" => accepted(BodyRead::Whole, ids(Ok(vec![unique("new"), unique("newer")]), false)),
        "404 of a rule that has found" => (answer(404, &[], BodyRead::Whole), Reading::Nothing),
        "429+" | "503+" => {
            let status = class.trim_end_matches('+').parse().unwrap();
            (answer(status, &[("retry-after", "90")], BodyRead::Whole), Reading::Nothing)
        }
        "300" | "302" | "307" => (
            answer(class.parse().unwrap(), &[("location", "https://elsewhere.test/")], BodyRead::Whole),
            Reading::Nothing,
        ),
        "address" => (Outcome::NotSent(NotSent::AddressRefused, "10.0.0.1".into()), Reading::Nothing),
        "dns" => (Outcome::NotSent(NotSent::Dns, "no such name".into()), Reading::Nothing),
        "connection" => (Outcome::NotSent(NotSent::Connection, "refused".into()), Reading::Nothing),
        "unprocessed" => (Outcome::NotSent(NotSent::Unprocessed, "GOAWAY".into()), Reading::Nothing),
        "connect timeout" => (Outcome::NotSent(NotSent::ConnectTimeout, "timeout".into()), Reading::Nothing),
        "tls" => (Outcome::NotSent(NotSent::Tls, "expired".into()), Reading::Nothing),
        "released" => (Outcome::NotSent(NotSent::Released, "stopping".into()), Reading::Nothing),
        "timeout" => (Outcome::NoAnswer(NoAnswer::Timeout, "timeout".into()), Reading::Nothing),
        "cut" => (Outcome::NoAnswer(NoAnswer::Cut, "cut".into()), Reading::Nothing),
        "malformed" => (Outcome::NoAnswer(NoAnswer::Malformed, "not HTTP".into()), Reading::Nothing),
        "crashed" => (Outcome::NoAnswer(NoAnswer::Crashed, "crashed".into()), Reading::Nothing),
        status => (answer(status.parse().unwrap(), &[], BodyRead::Whole), Reading::Nothing),
    }
}

fn attempt(table: &Table, link: &Link, who: char) -> Attempt {
    let addressed = matches!(table.operation, Operation::Update | Operation::Delete);
    Attempt {
        operation: table.operation,
        unique_id: link.state.unique_id().cloned().or_else(|| UniqueId::text("old").filter(|_| addressed)),
        moves_to: None,
        repeat: table.repeat,
        first_bytes: false,
        person_version: 5,
        outdated: false,
        person_deleted: who != 'p',
        revision: 1,
        digest: Some(NEW),
        probe: false,
        timeout: Duration::from_secs(10),
    }
}

/// What was read under these rules, and what follows.
fn meaning(
    rules: &SyncRules,
    link: &Link,
    attempt: &Attempt,
    class: &str,
    change: impl FnOnce(&mut Context<'_>),
) -> Settled {
    let (outcome, reading) = outcome(class, attempt.operation);
    let policy = Policy::default();
    let lookup_proven = class == "404 of a rule that has found";
    let judging = Judging {
        operation: attempt.operation,
        not_yet_spent: attempt.not_yet_spent(link),
        rules,
        lookup_proven,
        now: NOW,
    };
    let judged = judge(&judging, &outcome, &reading);
    let mut context = Context {
        rules,
        policy: &policy,
        jitter: 0.5,
        update_digest: Some(NEW),
        lookup_digest: None,
        known: Known { lookup_proven, update_proven: true, ..Known::default() },
    };
    change(&mut context);
    settle(link, attempt, &outcome, &judged, &context)
}

fn settled(table: &Table, link: &Link, who: char, class: &str, change: fn(&mut SyncRules)) -> Settled {
    let mut rules = usual_rules();
    (table.rules)(&mut rules);
    change(&mut rules);
    meaning(&rules, link, &attempt(table, link, who), class, |_| {})
}

/// A link in a state as a request of a table finds it.
fn link_of(table: &Table, state: StateName) -> Link {
    let mut link = link_in(state);
    (table.notes)(&mut link.extras.notes);
    link
}

/// The cells of a row, but the first.
fn described(settled: &Settled, link: &Link, person_deleted: bool) -> [String; 6] {
    let state = match &settled.state {
        state if *state == link.state => "=".to_owned(),
        LinkState::Linked(id) => format!("Linked {id}"),
        LinkState::Leaving(id) => format!("Leaving {id}"),
        state => format!("{:?}", state.name()),
    };
    let next = match &settled.next {
        Next::Done => "done".to_owned(),
        Next::Remove => "gone".to_owned(),
        Next::Owed(Duration::ZERO) if state == "Unlinked" && settled.message.starts_with("deleted") => {
            "gone".to_owned()
        }
        Next::Owed(Duration::ZERO) if settled.message.contains("already gone") => "gone".to_owned(),
        Next::Owed(Duration::ZERO) => "now".to_owned(),
        Next::Owed(delay) => match settled.quiet {
            Some(quiet) => {
                assert!(*delay >= quiet && quiet == Duration::from_secs(30));
                "quiet".to_owned()
            }
            None => "later".to_owned(),
        },
        Next::Park(reason, detail) => {
            assert!(detail.len() > 20, "the mend is said: {detail}");
            format!("park {reason:?}")
        }
    };
    assert_eq!(settled.next == Next::Remove, next == "gone" && person_deleted);
    let digest = match &settled.sent {
        None => "none",
        Some(Sent { digest: None, .. }) => "empty",
        Some(Sent { digest: Some(OLD), .. }) => "old",
        Some(Sent { digest: Some(NEW), version, .. }) => {
            assert_eq!(*version, 5, "of the claimed snapshot");
            "new"
        }
        other => panic!("{other:?}"),
    };
    let tries = match (settled.tries, settled.deferrals) {
        (2, 1) => "=",
        (3, 1) => "+1",
        (2, 2) => "endpoint",
        (0, 0) => "0",
        other => panic!("{other:?}"),
    };
    let signal = match &settled.signal {
        Signal::Nothing => "nothing",
        Signal::Works { accepted: false, .. } => "works",
        Signal::Works { accepted: true, .. } | Signal::Finds => "accepted",
        Signal::Refuses { alike, .. } => {
            assert!(alike.starts_with("answered"));
            "refuses"
        }
        Signal::Silent => "silent",
        Signal::Vanished => "vanished",
        Signal::Fails { reason, trouble } => {
            assert!(!reason.is_empty());
            match trouble {
                Trouble::Everybodys => "down",
                Trouble::Persons => "fails",
                Trouble::Page => "page",
            }
        }
        Signal::Forbidden => "forbidden",
        Signal::DeleteMissing => "missing",
        Signal::Limited { wait: Some(wait), .. } => {
            assert_eq!((wait.wait, wait.certain), (Duration::from_secs(90), true));
            "hold"
        }
        Signal::Limited { wait: None, .. } => "limited",
    };
    let key = if settled.resolved { "dropped" } else { "kept" };
    [state, next, digest.to_owned(), tries.to_owned(), key.to_owned(), signal.to_owned()]
}

fn rows(table: &Table) -> BTreeMap<&'static str, [String; 6]> {
    let mut rows = BTreeMap::new();
    for line in table.rows.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let rest: [String; 6] = std::array::from_fn(|at| cells[at + 1].to_owned());
        for class in cells[0].split(", ") {
            assert!(rows.insert(class, rest.clone()).is_none(), "{}: {class} stands twice", table.name);
        }
    }
    let all: BTreeSet<_> = COMMON.iter().chain(table.own).copied().collect();
    assert_eq!(rows.keys().copied().collect::<BTreeSet<_>>(), all, "{}: each outcome once", table.name);
    rows
}

#[test]
fn every_outcome_of_every_request_means_what_the_tables_say() {
    let mut faults = Vec::new();
    for table in &TABLES {
        for (class, expected) in rows(table) {
            for &(state, people) in table.sent {
                for who in people.chars() {
                    let link = link_of(table, state);
                    let settled = settled(table, &link, who, class, |_| {});
                    let mut expected = expected.clone();
                    if expected[0] == format!("{state:?} old") || expected[0] == format!("{state:?}") {
                        expected[0] = "=".to_owned();
                    }
                    let found = described(&settled, &link, who != 'p');
                    if found != expected {
                        faults.push(format!("{} ({state:?}, {who}): {class}: {found:?}, not {expected:?}", table.name));
                    }
                    let parks = matches!(settled.next, Next::Park(..));
                    assert_eq!(parks, settled.outcome == LogOutcome::Parked);
                    assert_eq!(settled.tried, class != "released");
                    assert!(!settled.message.is_empty());
                    let failed = matches!(settled.outcome, LogOutcome::Parked | LogOutcome::Retrying);
                    let asks_again = settled.message.starts_with("looked up: no record");
                    let none = settled.message.contains("the lookup finds no record");
                    assert!(!failed || settled.failure.is_some() || asks_again || none, "{}: {class}", table.name);
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_stands_in_no_table_is_never_sent() {
    let listed: BTreeSet<_> = TABLES
        .iter()
        .flat_map(|table| {
            let kind = (table.operation, table.repeat);
            table.sent.iter().flat_map(move |&(state, who)| who.chars().map(move |who| (state, who, kind)))
        })
        .collect();
    let mut sent = BTreeSet::new();
    for bits in 0..1u32 << 17 {
        let on = |flag: u32| bits & (1 << flag) != 0;
        let rules = SyncRules {
            create_on: on(0),
            update_on: on(1),
            delete_on: on(2),
            lookup: on(3),
            chosen_id: on(4),
            chosen_of_person: on(4) && !on(6),
            unique_id: on(5),
            create_mentions_key: on(6),
            on_uncertain: if on(7) { OnUncertain::Park } else { OnUncertain::Resend },
            on_missing: if on(8) { OnMissing::Park } else { OnMissing::Lookup },
            lookup_when: if on(12) { LookupWhen::Always } else { LookupWhen::Uncertain },
            unique_id_revision: 2,
            ..usual_rules()
        };
        for state in StateName::ALL {
            for who in ['p', 'd', 'g'] {
                let mut link = link_in(state);
                link.allow_resend = on(9);
                link.force = on(10);
                if on(11) {
                    link.key = None;
                    link.extras.answer = None;
                }
                let notes = &mut link.extras.notes;
                notes.repeats = on(13);
                notes.page = on(14);
                notes.adopted = on(15);
                let gone = matches!(state, S::Linked | S::Leaving);
                notes.asking = on(16).then(|| {
                    if gone {
                        Asking::Gone("answered 404".to_owned())
                    } else {
                        Asking::Exists("answered 409".to_owned())
                    }
                });
                let decision = decide(person(who).as_ref(), &link, &rules, NOW);
                if let Some(operation) = decision.operation_sent(&rules) {
                    sent.insert((state, who, (operation, decision == Decision::Repeat)));
                }
            }
        }
    }
    assert_eq!(sent, listed, "what is sent is in the tables, and nothing else is");
}

fn table(name: &str) -> &'static Table {
    TABLES.iter().find(|table| table.name == name).unwrap()
}

#[test]
fn a_repeated_create_at_an_id_of_ours_is_linked_by_409_and_412() {
    let repeat = table("repeated create");
    let mut link = link_in(S::Uncertain);
    for class in ["409", "412"] {
        let mut rules = usual_rules();
        (rules.chosen_id, rules.chosen_of_person) = (true, true);
        let attempt = Attempt { unique_id: UniqueId::text("old"), ..attempt(repeat, &link, 'p') };
        let settled = meaning(&rules, &link, &attempt, class, |_| {});
        assert_eq!(described(&settled, &link, false), ["Linked old", "now", "empty", "=", "dropped", "works"]);
        assert_eq!(settled.sent.unwrap().version, 2, "of the key's first use");
        // An id that another person may share tells nothing.
        rules.chosen_of_person = false;
        let settled = meaning(&rules, &link, &attempt, class, |_| {});
        assert_eq!(described(&settled, &link, false), ["=", "park Uncertain", "none", "=", "kept", "refuses"]);
    }
    link.key = None;
    let settled = settled(repeat, &link, 'p', "2xx", |_| {});
    assert_eq!(settled.sent.unwrap().version, 5, "without a key, the claimed one");
}

#[test]
fn a_missing_record_is_re_created_once_where_the_rule_says_so() {
    let update = table("update");
    let mut link = link_in(S::Linked);
    for class in ["404", "410"] {
        link.recreated = false;
        let recreate: fn(&mut SyncRules) = |rules| rules.on_missing = OnMissing::Recreate;
        let again = settled(update, &link, 'p', class, recreate);
        assert_eq!(described(&again, &link, false), ["Unlinked", "now", "none", "=", "dropped", "refuses"]);
        assert!(again.recreated && again.message.contains("old"));
        let mut rules = usual_rules();
        recreate(&mut rules);
        let unproven =
            meaning(&rules, &link, &attempt(update, &link, 'p'), class, |context| context.known.update_proven = false);
        assert_eq!(described(&unproven, &link, false), ["=", "park Missing", "empty", "=", "kept", "refuses"]);
        let restored =
            meaning(&rules, &link, &attempt(update, &link, 'p'), class, |context| context.known.restored = true);
        assert_eq!(described(&restored, &link, false), ["=", "park Missing", "empty", "=", "kept", "refuses"]);
        link.recreated = true;
        let parks = settled(update, &link, 'p', class, recreate);
        assert_eq!(described(&parks, &link, false), ["=", "park Missing", "empty", "=", "kept", "refuses"]);
        assert!(parks.recreated);
        assert!(!settled(update, &link, 'p', "2xx", recreate).recreated, "an accepted update clears it");
    }
}

#[test]
fn without_a_configured_id_an_accepted_create_is_done() {
    let link = link_in(S::Unlinked);
    let create = table("create");
    let done = settled(create, &link, 'p', "2xx no id", |rules| rules.unique_id = false);
    assert_eq!(described(&done, &link, false), ["Unaddressable", "done", "empty", "0", "dropped", "accepted"]);
    assert!(done.answer.is_some(), "kept for an id that is configured later");
    let looked_up = settled(create, &link, 'p', "2xx no id", |rules| rules.lookup = true);
    assert_eq!(described(&looked_up, &link, false), ["Unaddressable", "later", "empty", "=", "dropped", "silent"]);
}

#[test]
fn tries_end_with_the_schedule_and_deferrals_never_do() {
    for (class, spent) in [("500", "park RetriesSpent"), ("timeout", "park RetriesSpent"), ("403", "park Refused")] {
        let mut link = link_in(S::Linked);
        link.tries = 10;
        let last = settled(table("update"), &link, 'p', class, |_| {});
        assert!(matches!(last.next, Next::Owed(_)), "{class}");
        link.tries = 11;
        let Next::Park(reason, _) = settled(table("update"), &link, 'p', class, |_| {}).next else { panic!("{class}") };
        assert_eq!(format!("park {reason:?}"), spent);
    }
    let mut link = link_in(S::Linked);
    (link.tries, link.deferrals) = (11, i16::MAX);
    for class in ["401", "429", "503", "dns", "tls", "connection", "unprocessed", "connect timeout", "address"] {
        let later = settled(table("update"), &link, 'p', class, |_| {});
        let Next::Owed(delay) = later.next else { panic!("{class}") };
        // A limit is the sync's hold, and who was refused for it waits no longer than the longest.
        assert_eq!(delay.as_secs(), if class == "429" { 900 } else { 3600 }, "{class}");
        assert_eq!((later.tries, later.deferrals), (11, i16::MAX));
    }
}

#[test]
fn a_probe_uses_up_no_try_whatever_comes_of_it() {
    let update = table("update");
    let link = link_in(S::Linked);
    for class in COMMON {
        let attempt = Attempt { probe: true, ..attempt(update, &link, 'p') };
        let settled = meaning(&usual_rules(), &link, &attempt, class, |_| {});
        assert!(settled.tries <= link.tries, "{class}");
        assert!(!matches!(settled.next, Next::Park(sync_core::link::ParkReason::RetriesSpent, _)));
    }
}
