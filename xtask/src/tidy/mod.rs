//! Rules of this repository that no compiler knows, one per file. CONTRIBUTING.md says how to live with them.
//!
//! Most are counted, and the numbers of today stand in `xtask/tidy/ratchet.toml`, from where they only fall.
//! What a rule needs to know about the house (floors, owners of tables, words) stands beside it as data.

mod docs;
mod enums;
mod files;
mod floors;
mod imports;
mod modules;
mod plan;
mod promises;
mod ratchet;
mod requirements;
mod rows;
mod source;
mod tables;
mod transaction;
mod way;
mod wildcards;
mod words;
mod writers;

use std::collections::BTreeMap;

use enums::Enums;
use modules::Modules;
use ratchet::{Counted, Places};
use source::Source;

/// Whose enums the pure crates match on as well.
const PROTOCOL: &str = "protocol/src";

/// What must hold before a change lands.
pub(crate) fn check() -> Result<(), String> {
    run(false, false)
}

/// `lower` writes smaller numbers down, `list` names every place that is counted.
pub(crate) fn run(lower: bool, list: bool) -> Result<(), String> {
    let mut complaints = Vec::new();
    files::judge(&mut complaints)?;
    docs::judge(&mut complaints)?;
    promises::judge(&mut complaints)?;
    requirements::judge(&mut complaints)?;
    way::judge(&mut complaints)?;

    let protocol = source::read_crate(PROTOCOL)?;
    let mut counted = Counted::new();
    for name in plan::CRATES {
        let rules = judge_crate(name, &protocol, &mut complaints)?;
        counted.insert(name.to_owned(), rules);
    }
    counted.insert("words".to_owned(), words::judge()?);
    show(&counted, list);

    let mut allowed = ratchet::read()?;
    if lower {
        allowed = ratchet::lower(&allowed, &counted)?;
    }
    ratchet::compare(&allowed, &counted, &mut complaints);
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(complaints.join("\n"))
    }
}

fn judge_crate(
    name: &str,
    protocol: &[Source],
    complaints: &mut Vec<String>,
) -> Result<BTreeMap<String, Places>, String> {
    let plan = plan::read(name)?;
    let sources = source::read_crate(&plan.root)?;
    let modules = Modules::of(&sources);
    let imports = imports::imports(&sources, &modules);
    let mut enums = Enums::default();
    enums.add(protocol);
    enums.add(&sources);

    let floors = floors::judge(&sources, &modules, &imports, &plan.floors);
    let tables = tables::judge(&sources, &plan.tables, &plan.exceptions);
    let writers = writers::judge(&sources, &modules, &imports, &plan.writers);
    let wildcards = if plan.every_variant {
        wildcards::wildcards(&sources, &enums)
    } else {
        wildcards::Found::default()
    };
    let unplaced = floors
        .unplaced
        .iter()
        .map(|module| format!("{module} stands on no floor"));
    let own = unplaced.chain(tables.complaints).chain(writers.complaints);
    complaints.extend(own.map(|complaint| format!("{name}: {complaint}")));

    println!(
        "{name}: {} files, {} imports, {} circles",
        sources.len(),
        imports.len(),
        floors.circles
    );
    let rules = [
        ("imports-upward", floors.upward),
        ("imports-between-machines", floors.sideways),
        ("files-in-circles", floors.in_circles),
        (
            "impl-outside",
            transaction::outside(&sources, &plan.confined),
        ),
        ("wild-arms", wildcards.of_enums),
        ("wild-arms-around-enums", wildcards.around_enums),
        ("matches-on-enums", wildcards.matches),
        ("second-writers", tables.second_writers),
        ("foreign-writers", writers.foreign),
        ("rows-by-index", rows::by_index(&sources)),
    ];
    Ok(rules
        .into_iter()
        .map(|(rule, places)| (rule.to_owned(), places))
        .collect())
}

fn show(counted: &Counted, list: bool) {
    for (part, rules) in counted {
        for (rule, places) in rules.iter().filter(|(_, places)| !places.is_empty()) {
            println!("{:>6}  {part}: {rule}", places.len());
            if list {
                for place in places {
                    println!("          {place}");
                }
            }
        }
    }
}
