//! Every kept case, for ever: each broke a promise once.

use sim::StoreKind;
use sim::scenario::Scenario;
use std::path::Path;

fn passes(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("cases/{name}.json"));
    let text = std::fs::read_to_string(&file).expect("the case is there");
    let scenario: Scenario = serde_json::from_str(&text).expect("the case is a scenario");
    for store in [StoreKind::Memory, StoreKind::Sqlite] {
        let report = sim::run(&scenario, store);
        assert_eq!(report.violations, [], "{name} on {store:?}");
        assert!(report.requests > 0, "{name} sends nothing: it shows nothing any more");
    }
}

macro_rules! cases {
    ($($test:ident: $file:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            passes($file);
        })*

        #[test]
        fn every_case_has_its_test() {
            let mut kept: Vec<String> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"))
                .expect("the cases are there")
                .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
                .collect();
            kept.sort();
            let mut tested = vec![$($file),*];
            tested.sort_unstable();
            assert_eq!(kept, tested, "add the case to the list in tests/sim/tests/cases.rs, under a name that tells what broke");
        }
    };
}

cases! {
    a_delete_in_doubt_may_have_moved: "a-delete-in-doubt-may-have-moved",
    a_delete_settled_twice_is_counted_once: "a-delete-settled-twice-is-counted-once",
    a_header_is_no_search: "a-header-is-no-search",
    a_none_outlives_a_429: "a-none-outlives-a-429",
    a_refused_repeat_is_not_the_newest_state: "a-refused-repeat-is-not-the-newest-state",
    a_wrong_url_finishes_no_delete: "a-wrong-url-finishes-no-delete",
    a_wrong_url_undoes_no_adoption: "a-wrong-url-undoes-no-adoption",
    an_edit_ends_long_waits: "an-edit-ends-long-waits",
    an_id_that_moves_is_repeated_as_it_was_sent: "an-id-that-moves-is-repeated-as-it-was-sent",
    an_uncertain_create_outlives_the_purge: "an-uncertain-create-outlives-the-purge",
    the_last_one_held_back_is_parked: "the-last-one-held-back-is-parked",
    refused_first_bytes_are_not_sent_for_ever: "refused-first-bytes-are-not-sent-for-ever",
}
