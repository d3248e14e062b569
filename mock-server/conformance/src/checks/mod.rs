//! The checks, by section of PROTOCOL.md. Each is one rule; those that are a MUST bear its number.

mod accounts;
mod again;
mod attachments;
mod barred;
mod base;
mod basics;
mod bounds;
mod content;
mod endings;
mod events;
mod files;
mod form;
mod gone;
mod history;
mod keys;
mod meaning;
mod missing;
mod names;
mod operations;
mod order;
mod others;
mod overtaken;
mod people;
mod pins;
mod reactions;
mod rest;
mod roles;
mod rotation;
mod signals;
mod small;
mod socket;
mod tables;
mod threads;
mod told;
mod unread;
mod untold;

use std::future::Future;
use std::pin::Pin;

use crate::setting::Setting;
use crate::wire::WireError;

pub(crate) type Outcome = Result<(), WireError>;
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// One rule, and how it is looked at.
pub(crate) struct Check {
    /// The section of PROTOCOL.md, and its number there.
    pub(crate) id: &'static str,
    /// The numbers of the MUSTs that it is about.
    pub(crate) musts: &'static [&'static str],
    /// The capabilities (§10) without which there is nothing to check.
    pub(crate) needs: &'static [&'static str],
    pub(crate) rule: &'static str,
    pub(crate) run: for<'a> fn(&'a Setting<'a>) -> Running<'a>,
}

/// `"3.5.1" [M5] "a ping is answered …" => function;`, with the capabilities that it needs in braces before the rule.
macro_rules! checks {
    ($($id:literal [$($must:ident)*] $({$($needs:ident)*})? $rule:literal => $run:ident;)*) => {
        pub(crate) const CHECKS: &[$crate::checks::Check] = &[$($crate::checks::Check {
            id: $id,
            musts: &[$(stringify!($must)),*],
            needs: &[$($(stringify!($needs)),*)?],
            rule: $rule,
            run: |setting| Box::pin($run(setting)),
        }),*];
    };
}

use checks;

/// Every check, in the order of PROTOCOL.md; the last restores a backup.
pub(crate) fn all() -> impl Iterator<Item = &'static Check> {
    [
        form::CHECKS,
        socket::CHECKS,
        signals::CHECKS,
        content::CHECKS,
        unread::CHECKS,
        threads::CHECKS,
        attachments::CHECKS,
        names::CHECKS,
        reactions::CHECKS,
        pins::CHECKS,
        people::CHECKS,
        roles::CHECKS,
        bounds::CHECKS,
        operations::CHECKS,
        again::CHECKS,
        order::CHECKS,
        overtaken::CHECKS,
        meaning::CHECKS,
        base::CHECKS,
        history::CHECKS,
        rest::CHECKS,
        tables::CHECKS,
        files::CHECKS,
        accounts::CHECKS,
        endings::CHECKS,
        told::CHECKS,
        others::CHECKS,
        barred::CHECKS,
        untold::CHECKS,
        keys::CHECKS,
        rotation::CHECKS,
        basics::CHECKS,
        small::CHECKS,
        gone::CHECKS,
        missing::CHECKS,
        events::CHECKS,
    ]
    .into_iter()
    .flatten()
}
