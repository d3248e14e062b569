//! A second process beside an app, as a notification extension is: takes the pushes that it is given on
//! standard input, one per line, and says what it would show.

use std::io::BufRead as _;

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = std::env::args()
        .nth(1)
        .ok_or("expected the path of a store")?;
    for payload in std::io::stdin().lock().lines() {
        let shown = fulmar::handle_push_beside(&store, &payload?)?;
        println!("{}: {}", shown.title, shown.body);
    }
    Ok(())
}
