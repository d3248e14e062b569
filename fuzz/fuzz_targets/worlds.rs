//! What the mock server reads of tests: scenario files, and rules, robots and worlds over the admin API.
#![no_main]

use fulmar_mock_server::{Act, Change, Fault, Robot, Scenario};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let read = Scenario::from_toml(text).ok();
    let scenarios = [read, serde_json::from_str::<Scenario>(text).ok()];
    for scenario in scenarios.into_iter().flatten() {
        let json = serde_json::to_string(&scenario).expect("what was read can be written");
        let again = serde_json::from_str::<Scenario>(&json).expect("what was written can be read");
        // Not a number is not itself.
        if !json.contains("null") {
            assert_eq!(again, scenario);
        }
    }
    let _ = serde_json::from_str::<Fault>(text);
    let _ = serde_json::from_str::<Robot>(text);
    let _ = serde_json::from_str::<Act>(text);
    let _ = serde_json::from_str::<Change>(text);
});
