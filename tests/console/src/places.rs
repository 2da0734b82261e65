//! Every page of the console, on a directory that `seed` has filled.

use crate::seed::Seeded;

/// A page: what it is called, and its address.
pub struct Place {
    /// Fit for a file's name.
    pub name: &'static str,
    /// Path and query string.
    pub path: String,
}

/// All pages that one sees when one is signed in.
pub fn all(seeded: &Seeded) -> Vec<Place> {
    let Seeded { sync, suspended, empty, person, entry, .. } = seeded;
    let place = |name, path: String| Place { name, path };
    let mut places = vec![
        place("syncs", "/".to_owned()),
        place("logs", "/logs".to_owned()),
        place("log-entry", format!("/logs?entry={entry}")),
        place("people", "/people".to_owned()),
        place("person", format!("/people/{person}")),
        place("keys", "/keys".to_owned()),
        place("sync-suspended", format!("/syncs/{suspended}/create")),
        place("sync-not-set-up", format!("/syncs/{empty}/create")),
        place("link", format!("/syncs/{sync}/people?person={person}")),
        place("no-such-sync", format!("/syncs/{}/create", uuid::Uuid::nil())),
        place("not-found", "/nowhere".to_owned()),
    ];
    for (name, tab) in [
        ("sync-create", "create"),
        ("sync-update", "update"),
        ("sync-delete", "delete"),
        ("sync-lookup", "lookup"),
        ("sync-limits", "limits"),
        ("sync-people", "people"),
        ("sync-logs", "logs"),
    ] {
        places.push(place(name, format!("/syncs/{sync}/{tab}")));
    }
    places
}
