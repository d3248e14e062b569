//! Numbers of an app's payload arrive as they were sent, however often they are read and written on the way.
#![allow(clippy::unwrap_used)]

use serde_json::Value;

#[test]
fn numbers_with_a_point_are_the_same_after_every_hop() {
    let mut bits = 0x3fe0_0000_0000_0001_u64;
    for _ in 0..20_000 {
        bits = bits
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let number = f64::from_bits(bits);
        if !number.is_finite() {
            continue;
        }
        let text = serde_json::to_string(&number).unwrap();
        let hop: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(hop.to_string(), text);
    }
}
