//! Any order of what can happen to an engine: commands, frames and answers of servers that say anything, time, and
//! ends of the process. It never fails, does not run away, answers each command once, and keeps what it has accepted.
#![no_main]

mod inputs_player;
mod inputs_steps;

use fulmar_fuzz::device;
use fulmar_fuzz::shapes::Many;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static BASE: (Vec<u8>, inputs_player::Vectors) =
        (device::Device::signed_in().image(), inputs_player::Vectors::read());
}

fuzz_target!(|given: (u8, Many<inputs_steps::Step, 64>)| {
    let (silence, Many(steps)) = given;
    BASE.with(|(image, vectors)| {
        let connection = device::database(image).expect("a database");
        let device = device::Device::new(connection);
        let mut player = inputs_player::Player::new(device, vectors);
        for step in steps {
            player.take(step);
        }
        // That takes longer than all the rest.
        player.end(silence % 4 == 0);
    });
});
