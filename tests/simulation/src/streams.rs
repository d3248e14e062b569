//! Where randomness comes from. Each act of a person and each second of weather has a stream of its own, so that those
//! that stay do the same when others are left out.

use fastrand::Rng;

/// What randomness is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    /// What a world is like: weather, deployment, people, and when they act.
    World,
    /// What the network does, from the first byte to the last. The number is the luck of a reduced world.
    Network(u32),
    /// One act.
    Act(u32),
    /// One second of weather.
    Weather(u32),
    /// Whether there are disks, and what happens to that of one device.
    Disk(u32),
}

/// The randomness of one stream of a seed.
pub(crate) fn rng(seed: u64, stream: Stream) -> Rng {
    let (kind, number) = match stream {
        Stream::World => (0, 0),
        Stream::Network(luck) => (1, luck),
        Stream::Act(number) => (2, number),
        Stream::Weather(second) => (3, second),
        Stream::Disk(device) => (4, device),
    };
    // Neighbouring seeds and numbers give streams that have nothing in common.
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let stream = (kind << 32) | u64::from(number);
    Rng::with_seed(seed.wrapping_mul(ODD) ^ stream.wrapping_mul(ODD.rotate_left(17)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_streams_are_the_same() {
        let mut first = BTreeSet::new();
        for seed in 0..50 {
            for number in 0..50 {
                for stream in [
                    Stream::Network(number),
                    Stream::Act(number),
                    Stream::Weather(number),
                    Stream::Disk(number),
                ] {
                    assert!(first.insert(rng(seed, stream).u64(..)), "{seed} {stream:?}");
                }
            }
        }
    }
}
