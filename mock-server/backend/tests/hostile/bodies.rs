//! The path against the body: what the path says wins (PROTOCOL.md §7.9), and the other is not looked at.

use serde_json::{Value, json};

use crate::ask::Ask;
use crate::kinds::{Kind, kind, refusal, wrapped};
use crate::routes::assert_reaches_nobody;
use crate::templates::{Template, encoded, good, routes};
use crate::views::of_the_others;
use crate::world::{OUTSIDER, World};

/// The names of the path that stand for something of somebody's, and what they are in params.
fn params_of(name: &str) -> &[&str] {
    match name {
        "messageId" => &["conversationId", "messageKey", "messageId"],
        "conversationId" => &["conversationId"],
        "toUserId" => &["toUserId"],
        "userId" => &["userId"],
        _ => &[],
    }
}

/// The request with this in its body beside what belongs there.
fn with(template: &Template, own: bool, world: &World, more: &[(&str, Value)]) -> Ask {
    let mine = world.own(OUTSIDER).clone();
    let things = if own {
        mine.clone()
    } else {
        world.theirs.clone()
    };
    let path = template.path.split('/').map(|part| {
        match part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        {
            Some(name) => {
                let things = if kind(name) == Kind::User {
                    &mine
                } else {
                    &things
                };
                encoded(good(name, things).as_str().unwrap())
            }
            None => part.to_owned(),
        }
    });
    let path = path.collect::<Vec<_>>().join("/");
    let mut body = json!({});
    for (name, needed) in &template.body {
        if *needed {
            body[name] = good(name, &mine);
        }
    }
    for (name, value) in more {
        body[*name] = value.clone();
    }
    Ask::new(&template.verb, &path).body(&body).by(OUTSIDER)
}

#[test]
fn what_the_path_says_is_what_is_changed() {
    let mut world = World::new();
    let before = of_the_others(&mut world);
    let mut asked = 0;
    for template in routes(&mut world) {
        let is_write = template.body.iter().any(|(name, _)| name == "operationKey");
        let names: Vec<String> = template
            .path_names()
            .into_iter()
            .map(str::to_owned)
            .collect();
        if !is_write || names.is_empty() {
            continue;
        }
        let what = format!("{} {}", template.verb, template.path);
        for name in &names {
            for param in params_of(name) {
                let Some(value) = kind(param).of(&world.theirs).first().cloned() else {
                    continue;
                };
                // The path is the attacker's own: the body changes nothing.
                world.reset();
                let clean = with(&template, true, &world, &[]).of(&mut world);
                world.reset();
                let more = [(*param, wrapped(param, &value))];
                let answer = with(&template, true, &world, &more).of(&mut world);
                assert_eq!(
                    answer.status,
                    clean.status,
                    "{what} {param}: {}",
                    answer.text()
                );
                assert_reaches_nobody(&world, &answer, &what);
                assert_eq!(of_the_others(&mut world), before, "{what} {param}");
                asked += 1;
            }
            // The path is others': what the body says of one's own does not help.
            let Some(code) = refusal(name).filter(|_| kind(name) != Kind::User) else {
                continue;
            };
            let mine = world.own(OUTSIDER).clone();
            let more: Vec<(&str, Value)> = params_of(name)
                .iter()
                .map(|param| (*param, good(param, &mine)))
                .collect();
            world.reset();
            let answer = with(&template, false, &world, &more).of(&mut world);
            assert_eq!(answer.code(), code.to_string(), "{what}: {}", answer.text());
            assert_eq!(of_the_others(&mut world), before, "{what}");
        }
    }
    assert!(asked > 15, "{asked}");
}
