//! Every row of the tables of PROTOCOL.md, and every MUST, has what shows that it holds: a check of the conformance
//! suite, a test, or a table of examples. What is named is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const PROTOCOL: &str = "protocol/PROTOCOL.md";
const CHECKS: &str = "mock-server/conformance/src/checks";
const FILE: &str = "mock-server/conformance/rows.toml";
/// The section of the file that is about clients.
const MUST: &str = "MUST";

/// By section, what each row is shown by.
type Shown = BTreeMap<String, BTreeMap<String, Vec<String>>>;

pub(super) fn judge(complaints: &mut Vec<String>) -> Result<(), String> {
    let protocol = read(PROTOCOL)?;
    let shown: Shown = toml::from_str(&read(FILE)?).map_err(|error| format!("{FILE}: {error}"))?;
    let checks = checks()?;
    complaints.extend(compare_rows(&rows(&protocol), &shown));
    complaints.extend(compare_musts(&musts(&protocol), &checks, &shown));
    for (section, row, by) in shown
        .iter()
        .flat_map(|(section, rows)| rows.iter().map(move |(row, by)| (section, row, by)))
    {
        if by.is_empty() {
            complaints.push(format!("{FILE}: nothing shows {section} {row}"));
        }
        for one in by.iter().filter(|one| !is_there(one, &checks)) {
            complaints.push(format!("{FILE}: {section} {row}: there is no {one}"));
        }
    }
    Ok(())
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}

/// The numbers of the checks, and the MUSTs that each is about.
fn checks() -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut found = BTreeMap::new();
    let entries = fs::read_dir(CHECKS).map_err(|error| format!("{CHECKS}: {error}"))?;
    for entry in entries {
        let path = entry.map_err(|error| format!("{CHECKS}: {error}"))?.path();
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        found.extend(text.lines().filter_map(check));
    }
    Ok(found)
}

/// `"3.5.1" [M5] …` of a table of checks.
fn check(line: &str) -> Option<(String, Vec<String>)> {
    let (number, rest) = line.trim_start().strip_prefix('"')?.split_once("\" [")?;
    let (musts, _) = rest.split_once(']')?;
    let musts = musts.split_whitespace().map(str::to_owned).collect();
    Some((number.to_owned(), musts))
}

/// The rows of every table, as section and name.
fn rows(protocol: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut section = String::new();
    let mut header = true;
    for line in protocol.lines() {
        if let Some(heading) = line.strip_prefix('#') {
            let words = heading.trim_start_matches('#').trim_start();
            let number = words.split(' ').next().unwrap_or_default();
            section = number.trim_end_matches('.').to_owned();
        }
        let Some(cells) = line.strip_prefix('|') else {
            header = true;
            continue;
        };
        let first = cells.split('|').next().unwrap_or_default().trim();
        if first.starts_with("---") {
            header = false;
        } else if !header {
            found.insert((section.clone(), name(first)));
        }
    }
    found
}

/// A cell that is one word of code is named by what is in it, a notice by its type.
fn name(cell: &str) -> String {
    if let Some((_, notice)) = cell.split_once("{\"type\": \"") {
        return notice.split('"').next().unwrap_or_default().to_owned();
    }
    match cell
        .strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'))
    {
        Some(code) if !code.contains('`') => code.to_owned(),
        Some(_) | None => cell.to_owned(),
    }
}

fn compare_rows(rows: &BTreeSet<(String, String)>, shown: &Shown) -> Vec<String> {
    let named: BTreeSet<(String, String)> = shown
        .iter()
        .filter(|(section, _)| *section != MUST)
        .flat_map(|(section, rows)| rows.keys().map(|row| (section.clone(), row.clone())))
        .collect();
    let missing = rows
        .difference(&named)
        .map(|(section, row)| format!("{FILE}: nothing shows the row \"{row}\" of §{section}"));
    let gone = named
        .difference(rows)
        .map(|(section, row)| format!("{FILE}: §{section} has no row \"{row}\""));
    missing.chain(gone).collect()
}

/// The numbers of all MUSTs, in their order; an empty one where there is none.
fn musts(protocol: &str) -> Vec<String> {
    let rules = protocol.split_once("## 1.").map_or("", |(_, rules)| rules);
    rules
        .match_indices(MUST)
        .map(|(place, _)| {
            let rest = &rules[place + MUST.len()..];
            let rest = rest.strip_prefix(" NOT").unwrap_or(rest).trim_start();
            let number = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            number.map_or(String::new(), |(number, _)| number.to_owned())
        })
        .collect()
}

fn compare_musts(
    musts: &[String],
    checks: &BTreeMap<String, Vec<String>>,
    shown: &Shown,
) -> Vec<String> {
    let mut complaints = Vec::new();
    let of_servers: BTreeSet<&String> = checks.values().flatten().collect();
    let of_clients: BTreeSet<&String> = shown
        .get(MUST)
        .into_iter()
        .flat_map(BTreeMap::keys)
        .collect();
    for (index, number) in musts.iter().enumerate() {
        if *number != format!("M{}", index + 1) {
            complaints.push(format!(
                "{PROTOCOL}: the MUST after M{index} has the number \"{number}\""
            ));
        } else if of_servers.contains(number) == of_clients.contains(number) {
            complaints.push(format!(
                "{PROTOCOL}: {number} has no check, or two kinds of them"
            ));
        }
    }
    for number in of_servers.union(&of_clients) {
        if !musts.contains(number) {
            complaints.push(format!("{PROTOCOL}: there is no {number}"));
        }
    }
    complaints
}

/// Whether there is such a check, such a test, or such a file.
fn is_there(one: &str, checks: &BTreeMap<String, Vec<String>>) -> bool {
    match one.split_once("::") {
        Some((file, test)) => {
            fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("fn {test}(")))
        }
        None if one.ends_with(".json") => fs::exists(one).unwrap_or(false),
        None => checks.contains_key(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n## 1. First\n### 1.1 Codes\nIt MUST [M1] hold.\n\n| code | meaning |\n| --- | --- |\n\
                        | `4400` | no |\n| {`x` of y | z |\n\n## 2. Second\n| `notice` | |\n| --- | --- |\n\
                        | `{\"type\": \"left\"}` | gone |\n";

    fn pairs(all: &[(&str, &str)]) -> BTreeSet<(String, String)> {
        let owned = |(section, row): &(&str, &str)| ((*section).to_owned(), (*row).to_owned());
        all.iter().map(owned).collect()
    }

    #[test]
    fn rows_are_named_by_their_section_and_their_first_cell() {
        let expected = pairs(&[("1.1", "4400"), ("1.1", "{`x` of y"), ("2", "left")]);
        assert_eq!(rows(PAGE), expected);
    }

    #[test]
    fn a_row_without_proof_and_a_proof_without_row_are_complaints() {
        let shown: Shown = toml::from_str("[\"1.1\"]\n4400 = [\"1.1.1\"]\n4401 = []").unwrap();
        let found = compare_rows(&pairs(&[("1.1", "4400"), ("2", "left")]), &shown);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn a_must_has_a_number_and_one_kind_of_proof() {
        assert_eq!(musts(PAGE), ["M1"]);
        let line = "    \"1.1.1\" [M1] {files} \"a rule\" => rule;";
        let checks: BTreeMap<_, _> = check(line).into_iter().collect();
        let none = Shown::new();
        let m1 = ["M1".to_owned()];
        assert_eq!(compare_musts(&m1, &checks, &none), [""; 0]);
        assert_eq!(compare_musts(&m1, &BTreeMap::new(), &none).len(), 1);
        assert_eq!(compare_musts(&[String::new()], &checks, &none).len(), 2);
    }
}
