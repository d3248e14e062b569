//! Mistakes that are planted in copies of the files of the runtime: each must be found. A mistake is one that somebody
//! could make.

/// What stands in a file each time, and what stands there by mistake.
pub(crate) struct Mistake {
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    pub(crate) changes: &'static [(&'static str, &'static str)],
    /// Who must find it, and what it says then.
    pub(crate) check: &'static str,
    pub(crate) says: &'static str,
}

pub(crate) const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "wakes_only_when_nobody_is_in_the_way",
        file: "watchers",
        changes: &[(
            "for slot in lock(&self.slots).iter().filter_map(Weak::upgrade) {",
            "let Ok(slots) = self.slots.try_lock() else { return };
        for slot in slots.iter().filter_map(Weak::upgrade) {",
        )],
        check: "a_watcher_misses_no_change",
        says: "deadlock",
    },
    Mistake {
        name: "registers_in_a_copy",
        file: "watchers",
        changes: &[(
            "let mut slots = lock(&self.slots);
        slots.retain(|slot| slot.strong_count() > 0);
        slots.push(Arc::downgrade(&slot));
        slot",
            "let mut slots = lock(&self.slots).clone();
        slots.retain(|slot| slot.strong_count() > 0);
        slots.push(Arc::downgrade(&slot));
        *lock(&self.slots) = slots;
        slot",
        )],
        check: "a_watcher_misses_no_change",
        says: "deadlock",
    },
    Mistake {
        name: "passes_over_who_changes_its_topic",
        file: "watchers",
        changes: &[(
            "if concerned(*lock(&slot.topic)) {",
            "if slot.topic.try_lock().is_ok_and(|topic| concerned(*topic)) {",
        )],
        check: "a_watcher_whose_topic_changes_misses_nothing",
        says: "deadlock",
    },
    Mistake {
        name: "asks_whether_it_is_closed_before_the_lock",
        file: "readers",
        changes: &[(
            "let mut idle = self.idle();
            if idle.len() < MOST_IDLE && !self.closed.load(Ordering::Acquire) {",
            "let closed = self.closed.load(Ordering::Acquire);
            let mut idle = self.idle();
            if idle.len() < MOST_IDLE && !closed {",
        )],
        check: "nothing_is_open_after_readers_closed",
        says: "a connection is left",
    },
    Mistake {
        name: "closes_what_is_idle_before_it_says_so",
        file: "readers",
        changes: &[(
            "self.closed.store(true, Ordering::Release);
        self.let_go();",
            "self.let_go();
        self.closed.store(true, Ordering::Release);",
        )],
        check: "nothing_is_open_after_readers_closed",
        says: "a connection is left",
    },
    Mistake {
        name: "does_not_hold_the_way_open",
        file: "readers",
        changes: &[(
            "let mut alone = lock(&self.alone);
        *alone = None;
        alone",
            "*lock(&self.alone) = None;
        self.idle()",
        )],
        check: "on_a_full_disk_there_is_one_reader_or_an_engine",
        says: "beside an engine",
    },
    Mistake {
        name: "locks_in_two_orders",
        file: "readers",
        changes: &[
            (
                "*alone = None;
        alone",
                "*alone = None;
        self.idle().clear();
        alone",
            ),
            (
                "self.idle().clear();
        *lock(&self.alone) = None;",
                "let mut idle = self.idle();
        idle.clear();
        *lock(&self.alone) = None;",
            ),
        ],
        check: "on_a_full_disk_there_is_one_reader_or_an_engine",
        says: "deadlock",
    },
    Mistake {
        name: "lets_go_before_reads_are_over",
        file: "suspension",
        changes: &[(
            "*held = Some(Arc::clone(&self.reads).write_owned().await);
            let_go();",
            "let_go();
            *held = Some(Arc::clone(&self.reads).write_owned().await);",
        )],
        check: "nothing_is_open_or_read_while_suspended",
        says: "a connection is open while suspended",
    },
    Mistake {
        name: "lets_reads_begin_before_the_driver_has_resumed",
        file: "suspension",
        changes: &[(
            "self.wanted.send_replace(false);
",
            "self.wanted.send_replace(false);
        *held = None;
",
        )],
        check: "nothing_is_open_or_read_while_suspended",
        says: "it reads while the client is suspended",
    },
    Mistake {
        name: "waits_for_reads_that_a_suspension_holds_up",
        file: "suspension",
        changes: &[(
            "_ = self.wanted.wait_for(|wanted| *wanted) => None,",
            "_ = std::future::pending::<()>() => None,",
        )],
        check: "a_suspension_that_meets_a_close_ends",
        says: "deadlock",
    },
    Mistake {
        name: "does_not_wait_for_its_thread",
        file: "handle",
        changes: &[(
            "if let Some(thread) = running.take() {
            join(thread);",
            "if let Some(thread) = running.take() {
            drop(thread);",
        )],
        check: "nothing_runs_after_close",
        says: "after close",
    },
    Mistake {
        name: "lets_the_second_who_closes_go",
        file: "handle",
        changes: &[(
            "let mut running = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = running.take() {",
            "let taken = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = taken {",
        )],
        check: "nothing_runs_after_close",
        says: "after close",
    },
    Mistake {
        name: "lets_a_hint_pass_those_that_wait",
        file: "late_hints",
        changes: &[(
            "let late = if is_first {",
            "let late = if is_first || !passing {",
        )],
        check: "what_lasts_arrives_in_order_also_in_a_full_mailbox",
        says: "the last word is not the last",
    },
    Mistake {
        name: "asks_who_waits_before_the_lock",
        file: "late_hints",
        changes: &[(
            "let mut waiting = self.lock();
        let is_first = waiting.is_empty();",
            "let is_first = self.lock().is_empty();
        let mut waiting = self.lock();",
        )],
        check: "what_lasts_arrives_in_order_also_in_a_full_mailbox",
        says: "deadlock",
    },
    Mistake {
        name: "leaves_a_resume_half_done",
        file: "handle",
        changes: &[(
            "self.to_its_end(async move { suspension.end().await }).await;",
            "suspension.end().await;",
        )],
        check: "a_resume_that_is_given_up_is_not_half_done",
        says: "deadlock",
    },
    Mistake {
        name: "counts_a_driver_after_it_asked_whether_all_ended",
        file: "running",
        changes: &[(
            "let mut state = self.lock();
        if state.over {
            return None;
        }
        state.running += 1;",
            "let state = self.lock();
        if state.over {
            return None;
        }
        drop(state);
        self.lock().running += 1;",
        )],
        check: "a_client_that_is_being_built_ends_with_all_or_is_refused",
        says: "after close",
    },
];
