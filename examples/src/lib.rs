//! The programs are beside this folder: `cargo run --example quickstart`.
