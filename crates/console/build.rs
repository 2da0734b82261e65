//! Files that are added to or removed from `assets` are noticed, not only those that change.

fn main() {
    println!("cargo::rerun-if-changed=assets");
}
