//! What was taken from npm is what `assets/vendor/lock.json` says, to the byte, and each package's licence lies beside it.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const FOLDER: &str = "vendor/";
const LOCK: &str = "lock.json";

/// One file that was built from packages.
#[derive(Deserialize)]
struct Locked {
    file: String,
    sha256: String,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    package: String,
    version: String,
    licence: String,
    licence_file: String,
}

type Files = BTreeMap<String, Vec<u8>>;

fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// What is wrong with a folder of files; its lock is one of them, once there is any other.
fn faults(files: &Files) -> Vec<String> {
    let lock = match files.get(LOCK) {
        Some(lock) => match serde_json::from_slice::<Vec<Locked>>(lock) {
            Ok(lock) => lock,
            Err(error) => return vec![format!("the lock: {error}")],
        },
        None => Vec::new(),
    };
    let mut faults = Vec::new();
    let mut known = BTreeSet::from([LOCK]);
    for Locked { file, sha256: expected, packages } in &lock {
        match files.get(file) {
            Some(bytes) if sha256(bytes) == *expected => {}
            Some(_) => faults.push(format!("{file} is another than the lock says")),
            None => faults.push(format!("{file} is in the lock and not in the folder")),
        }
        if packages.is_empty() {
            faults.push(format!("{file} is of no package"));
        }
        for Package { package, version, licence, licence_file } in packages {
            if package.is_empty() || version.is_empty() || licence.is_empty() {
                faults.push(format!("{file}: {package} {version} ({licence}) does not say what it is"));
            }
            if files.get(licence_file).is_none_or(Vec::is_empty) {
                faults.push(format!("{file}: {package} has no licence text {licence_file}"));
            }
            known.insert(licence_file);
        }
        known.insert(file);
    }
    faults
        .extend(files.keys().filter(|file| !known.contains(file.as_str())).map(|file| format!("{file} is in no lock")));
    faults
}

#[test]
fn vendored_files_are_those_of_the_lock() {
    let files: Files = console::paths()
        .filter_map(|path| {
            let name = path.strip_prefix(FOLDER)?.to_owned();
            Some((name, console::asset(&path)?.bytes.to_vec()))
        })
        .collect();
    assert_eq!(faults(&files), Vec::<String>::new());
}

/// The check itself: a sound folder has no faults, and each way to be wrong is told.
#[test]
fn a_wrong_lock_is_told() {
    let sound = || -> Files {
        let lock = serde_json::json!([{ "file": "ui.js", "sha256": sha256(b"ui"), "packages": [
            { "package": "preact", "version": "10.0.0", "licence": "MIT", "licenceFile": "licenses/preact.txt" }] }]);
        let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
        [file(LOCK, &lock.to_string()), file("ui.js", "ui"), file("licenses/preact.txt", "MIT")].into()
    };
    assert_eq!(faults(&Files::new()), Vec::<String>::new());
    assert_eq!(faults(&sound()), Vec::<String>::new());
    type Edit = fn(&mut Files);
    let wrong: [(Edit, &str); 6] = [
        (|files| drop(files.insert("ui.js".to_owned(), b"uj".to_vec())), "ui.js is another than the lock says"),
        (|files| drop(files.remove("ui.js")), "ui.js is in the lock and not in the folder"),
        (|files| drop(files.insert("more.js".to_owned(), Vec::new())), "more.js is in no lock"),
        (|files| drop(files.remove("licenses/preact.txt")), "ui.js: preact has no licence text licenses/preact.txt"),
        (|files| drop(files.insert("licenses/x.txt".to_owned(), Vec::new())), "licenses/x.txt is in no lock"),
        (|files| drop(files.insert(LOCK.to_owned(), b"[{}]".to_vec())), "the lock: missing field `file`"),
    ];
    for (edit, expected) in wrong {
        let mut files = sound();
        edit(&mut files);
        let told = faults(&files);
        assert!(told.iter().any(|fault| fault.starts_with(expected)), "{expected}: {told:?}");
    }
    let mut unlocked = sound();
    unlocked.remove(LOCK);
    assert_eq!(faults(&unlocked).len(), 2);
}
