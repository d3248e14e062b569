//! Reports: for people by section, as JSON, and as JUnit XML.

use std::fmt::Write as _;

use crate::{Report, Verdict};

/// For people, by section of PROTOCOL.md. Broken rules come with the exchange that showed it.
#[must_use]
pub fn text(reports: &[Report]) -> String {
    let mut text = String::new();
    let mut section = "";
    let [mut passed, mut failed, mut skipped] = [0, 0, 0];
    for report in reports {
        let its = report.id.split('.').next().unwrap_or_default();
        if its != section {
            section = its;
            line(&mut text, &format!("§{section}"));
        }
        let musts = match report.musts {
            [] => String::new(),
            musts => format!(" [{}]", musts.join(" ")),
        };
        let rule = format!("{:<7} {}{musts}", report.id, report.rule);
        match &report.result {
            Verdict::Pass => {
                passed += 1;
                line(&mut text, &format!("  pass {rule}"));
            }
            Verdict::Skip { reason } => {
                skipped += 1;
                line(
                    &mut text,
                    &format!("  skip {rule}\n       because {}", printable(reason)),
                );
            }
            Verdict::Fail { reason, exchange } => {
                failed += 1;
                line(
                    &mut text,
                    &format!("  FAIL {rule}\n       {}", printable(reason)),
                );
                for said in exchange {
                    line(&mut text, &format!("       | {}", printable(said)));
                }
            }
        }
    }
    line(
        &mut text,
        &format!("{passed} passed, {failed} failed, {skipped} skipped"),
    );
    text
}

/// The same for machines.
#[must_use]
pub fn json(reports: &[Report]) -> String {
    // Strings and lists of strings always have a JSON form.
    serde_json::to_string_pretty(reports).unwrap_or_default()
}

/// The same as JUnit XML, which every CI shows.
#[must_use]
pub fn junit(reports: &[Report]) -> String {
    let count = |wanted: fn(&Verdict) -> bool| {
        let found = reports.iter().filter(|report| wanted(&report.result));
        found.count()
    };
    let failed = count(|verdict| matches!(verdict, Verdict::Fail { .. }));
    let skipped = count(|verdict| matches!(verdict, Verdict::Skip { .. }));
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = reports.len();
    line(
        &mut xml,
        &format!(
            "<testsuite name=\"PROTOCOL.md\" tests=\"{all}\" failures=\"{failed}\" skipped=\"{skipped}\">"
        ),
    );
    for report in reports {
        let section = report
            .id
            .rsplit_once('.')
            .map_or(report.id, |(section, _)| section);
        let name = escaped(&format!("{} {}", report.id, report.rule));
        let case = format!("  <testcase classname=\"section {section}\" name=\"{name}\"");
        match &report.result {
            Verdict::Pass => line(&mut xml, &format!("{case}/>")),
            Verdict::Skip { reason } => {
                let reason = escaped(reason);
                line(
                    &mut xml,
                    &format!("{case}><skipped message=\"{reason}\"/></testcase>"),
                );
            }
            Verdict::Fail { reason, exchange } => {
                let (reason, said) = (escaped(reason), escaped(&exchange.join("\n")));
                line(
                    &mut xml,
                    &format!("{case}><failure message=\"{reason}\">{said}</failure></testcase>"),
                );
            }
        }
    }
    line(&mut xml, "</testsuite>");
    xml
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

/// Without what a terminal gives a meaning, and without what turns the order of letters or ends a line.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                printable.extend(character.escape_unicode());
            }
            control if control.is_control() => printable.extend(control.escape_default()),
            other => printable.push(other),
        }
    }
    printable
}

/// Without what XML gives a meaning, and without what XML 1.0 forbids.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' | '\r' => escaped.push(' '),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{json, junit, text};
    use crate::{Report, Verdict};

    #[test]
    fn each_form_says_all_of_it() {
        let report = |id, result| Report {
            id,
            musts: &["M5"],
            rule: "a rule with <angles> & \"quotes\"",
            result,
        };
        let failed = Verdict::Fail {
            reason: "expected 1, got 2".to_owned(),
            exchange: vec!["→ ping\u{0}".to_owned(), "← \"pong\"".to_owned()],
        };
        let skipped = Verdict::Skip {
            reason: "no capability".to_owned(),
        };
        let reports = [
            report("3.5.1", Verdict::Pass),
            report("3.5.2", failed),
            report("7.1.1", skipped),
        ];
        let text = text(&reports);
        assert!(text.contains("§3\n  pass 3.5.1"), "{text}");
        assert!(text.contains("[M5]") && text.contains("| → ping"), "{text}");
        assert!(text.ends_with("1 passed, 1 failed, 1 skipped\n"), "{text}");
        let xml = junit(&reports);
        assert!(
            xml.contains("tests=\"3\" failures=\"1\" skipped=\"1\""),
            "{xml}"
        );
        assert!(
            xml.contains("&lt;angles&gt; &amp; &quot;quotes&quot;"),
            "{xml}"
        );
        assert!(!xml.contains('\u{0}'), "{xml}");
        let json: serde_json::Value = serde_json::from_str(&json(&reports)).unwrap();
        assert_eq!(json[1]["result"]["verdict"], "fail");
    }

    #[test]
    fn nothing_that_a_server_says_acts_on_a_terminal_or_breaks_xml() {
        let said = "a\u{1b}[2J\r\nb\u{202e}c\u{9b}d\u{fffe}e\u{ffff}f é🐦";
        let reports = ["1.0.1", "1.0.2"].map(|id| Report {
            id,
            musts: &[],
            rule: "a rule",
            result: match id {
                "1.0.1" => Verdict::Skip {
                    reason: said.to_owned(),
                },
                _ => Verdict::Fail {
                    reason: said.to_owned(),
                    exchange: vec![said.to_owned()],
                },
            },
        });
        let text = text(&reports);
        assert!(text.contains(r"a\u{1b}[2J\r\nb\u{202e}c\u{9b}d"), "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        assert_eq!(text.lines().count(), 7, "{text}");
        let xml = junit(&reports);
        let allowed = |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(xml.chars().all(allowed), "{xml}");
        assert!(xml.contains("e\u{fffd}f é🐦"), "{xml}");
    }
}
