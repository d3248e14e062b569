//! Nothing that people do takes more where nine times as much has piled up, but for what stands in `exceptions`.
//!
//! `FULMAR_PILE=Unread` looks at one pile. `FULMAR_WHY=1` names the statements that grow, with what they take among the
//! smaller amount and among the larger.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod exceptions;

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use exceptions::EXCEPTIONS;
use fulmar_growth::{Action, Cost, Pile, Side, measure};

/// How much has piled up, and nine times as much: more than a submit takes, and no more than a group may have.
const AMOUNTS: [u64; 2] = [110, 990];
/// So many steps more may a thing take: a page is fuller, a tree has one more level.
const SLACK: u64 = 200;

/// What every action takes where so much has piled up.
fn costs(pile: Pile, amount: u64) -> BTreeMap<Action, Cost> {
    let mut stage = pile.of(amount);
    // What is done for the first time prepares, and finds what was put off.
    for action in Action::among(pile) {
        action.act(&mut stage);
    }
    let costs = Action::among(pile).map(|action| (action, measure(|| action.act(&mut stage))));
    let costs = costs.collect();
    assert_eq!(stage.is_live(), !pile.is_offline(), "{pile:?}");
    costs
}

/// What grows among a pile, each with what it takes among the larger amount.
fn grown(pile: Pile) -> BTreeMap<(Action, Pile, Side), u64> {
    let [few, many] = AMOUNTS.map(|amount| costs(pile, amount));
    let mut grown = BTreeMap::new();
    for action in Action::among(pile) {
        for side in [Side::Device, Side::Server] {
            let (few, many) = (&few[&action], &many[&action]);
            let (before, now) = (few.of(side), many.of(side));
            if now <= before + before / 4 + SLACK {
                continue;
            }
            println!("    ({action:?}, {pile:?}, {side:?}, {now}), // {before}");
            if env::var_os("FULMAR_WHY").is_some() {
                for (statement, before, now) in many.grown(side, few).into_iter().take(3) {
                    println!("        {before} to {now}: {statement}");
                }
            }
            grown.insert((action, pile, side), now);
        }
    }
    grown
}

#[test]
fn nothing_grows_but_what_is_known_to() {
    let only = env::var("FULMAR_PILE").ok();
    let is_looked_at = |pile: Pile| {
        only.as_ref()
            .is_none_or(|only| *only == format!("{pile:?}"))
    };
    let piles = Pile::ALL.into_iter().filter(|pile| is_looked_at(*pile));
    let grown: BTreeMap<_, _> = piles.flat_map(grown).collect();
    let exceptions = EXCEPTIONS
        .iter()
        .filter(|(_, pile, ..)| is_looked_at(*pile));
    let known: BTreeMap<_, _> = exceptions
        .map(|(action, pile, side, most)| ((*action, *pile, *side), *most))
        .collect();
    let names = |of: &BTreeMap<_, u64>| of.keys().copied().collect::<BTreeSet<_>>();
    let (grows, is_known) = (names(&grown), names(&known));
    let new: Vec<_> = grows.difference(&is_known).collect();
    assert!(new.is_empty(), "these grow: {new:?}");
    let gone: Vec<_> = is_known.difference(&grows).collect();
    assert!(
        gone.is_empty(),
        "these grow no more and are no exceptions: {gone:?}"
    );
    for (what, steps) in grown {
        assert!(steps <= known[&what], "{what:?} takes {steps} steps now");
    }
}
