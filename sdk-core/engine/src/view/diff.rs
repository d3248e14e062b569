//! The difference between what a watcher saw and what there is: a list of changes that, applied in
//! order, always gives the query's result.

use std::collections::BTreeSet;

/// One step from an older list to a newer one. Indices are those of the list at that step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// The list is this now. The first change of every watcher.
    Reset {
        /// All items, in order.
        items: Vec<T>,
    },
    /// A new item.
    Insert {
        /// Where it is now.
        index: usize,
        /// The item as it is now.
        item: T,
    },
    /// The item at this place has new content; its key is the same.
    Update {
        /// The index that it has.
        index: usize,
        /// The item as it is now.
        item: T,
    },
    /// An item changed its place.
    Move {
        /// The index that it had before.
        from: usize,
        /// Where it is after it was taken out and put in again.
        to: usize,
    },
    /// An item is gone.
    Remove {
        /// The index that it had.
        index: usize,
    },
}

/// The changes from `old` to `new`, by `key`, which is unique within a list.
pub fn diff<T, K>(old: &[T], new: &[T], key: impl Fn(&T) -> K) -> Vec<Change<T>>
where
    T: Clone + PartialEq,
    K: Ord,
{
    let mut changes = Vec::new();
    let staying: BTreeSet<K> = new.iter().map(&key).collect();
    let mut list: Vec<&T> = Vec::with_capacity(old.len());
    for item in old {
        if staying.contains(&key(item)) {
            list.push(item);
        }
    }
    for (index, item) in old.iter().enumerate().rev() {
        if !staying.contains(&key(item)) {
            changes.push(Change::Remove { index });
        }
    }
    let known: BTreeSet<K> = list.iter().map(|item| key(item)).collect();
    for (index, item) in new.iter().enumerate() {
        let wanted = key(item);
        let in_place = list.get(index).is_some_and(|there| key(there) == wanted);
        if !in_place {
            if known.contains(&wanted) {
                // It stays, so it is further down: everything above is as it should be already.
                let Some(from) = list.iter().position(|there| key(there) == wanted) else {
                    continue;
                };
                let moved = list.remove(from);
                list.insert(index, moved);
                changes.push(Change::Move { from, to: index });
            } else {
                list.insert(index, item);
                changes.push(Change::Insert {
                    index,
                    item: item.clone(),
                });
                continue;
            }
        }
        if list[index] != item {
            list[index] = item;
            changes.push(Change::Update {
                index,
                item: item.clone(),
            });
        }
    }
    changes
}

/// Applies changes to a list. A change that does not fit is ignored, which never happens with the
/// changes of one watcher in their order.
pub fn apply<T>(list: &mut Vec<T>, changes: impl IntoIterator<Item = Change<T>>) {
    for change in changes {
        match change {
            Change::Reset { items } => *list = items,
            Change::Insert { index, item } if index <= list.len() => list.insert(index, item),
            Change::Update { index, item } if index < list.len() => list[index] = item,
            Change::Move { from, to } if from < list.len() && to < list.len() => {
                let item = list.remove(from);
                list.insert(to, item);
            }
            Change::Remove { index } if index < list.len() => {
                list.remove(index);
            }
            Change::Insert { .. }
            | Change::Update { .. }
            | Change::Move { .. }
            | Change::Remove { .. } => {
                debug_assert!(false, "a change that does not fit its list");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, apply, diff};
    use proptest::prelude::*;

    type Item = (u8, u8);

    fn check(old: &[Item], new: &[Item]) -> Vec<Change<Item>> {
        let changes = diff(old, new, |item| item.0);
        let mut list = old.to_vec();
        apply(&mut list, changes.clone());
        assert_eq!(list, new);
        changes
    }

    #[test]
    fn a_confirmed_message_is_one_update() {
        let changes = check(&[(1, 0), (2, 0)], &[(1, 0), (2, 1)]);
        assert_eq!(
            changes,
            vec![Change::Update {
                index: 1,
                item: (2, 1)
            }]
        );
    }

    #[test]
    fn a_message_that_arrives_above_a_pending_one_is_one_insert() {
        let changes = check(&[(1, 0), (9, 0)], &[(1, 0), (2, 0), (9, 0)]);
        assert_eq!(
            changes,
            vec![Change::Insert {
                index: 1,
                item: (2, 0)
            }]
        );
    }

    #[test]
    fn a_conversation_that_comes_to_the_top_is_one_move() {
        let changes = check(&[(1, 0), (2, 0), (3, 0)], &[(3, 0), (1, 0), (2, 0)]);
        assert_eq!(changes, vec![Change::Move { from: 2, to: 0 }]);
    }

    fn list() -> impl Strategy<Value = Vec<Item>> {
        proptest::collection::vec((0u8..12, 0u8..3), 0..12).prop_map(|mut items| {
            let mut seen = std::collections::BTreeSet::new();
            items.retain(|item| seen.insert(item.0));
            items
        })
    }

    proptest! {
        #[test]
        fn applied_changes_always_give_the_new_list(old in list(), new in list()) {
            check(&old, &new);
        }

        #[test]
        fn equal_lists_have_no_changes(list in list()) {
            prop_assert!(check(&list, &list).is_empty());
        }
    }
}
