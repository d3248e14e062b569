//! A driver whose store is two numbers of the `World`. Its loop has the order of the product's.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::app_work::AppWork;
use super::published::Published;
use super::setup::{Ends, Request, Setup};
use crate::error::BuildError;
use crate::files::Files;
use crate::world::{self, OnThread};
use crate::{Command, Input, Reply, Topic};

shuttle::thread_local! {
    /// Tells the world when a driver's thread is really over.
    static HERE: OnThread = OnThread::new();
}

pub(super) struct Driver {
    pub(super) published: Published,
}

impl Driver {
    pub(super) async fn begin(
        _setup: Setup,
        published: Published,
        _files: Arc<Files>,
        _work: AppWork,
    ) -> Result<Self, BuildError> {
        HERE.with(|_| ());
        let driver = Self { published };
        driver.open();
        Ok(driver)
    }

    pub(super) async fn drive(&mut self, ends: &mut Ends) {
        let Ends {
            requests,
            gate,
            stopping,
            over,
            ..
        } = ends;
        loop {
            if *gate.wanted.borrow_and_update() {
                while let Ok(request) = requests.try_recv() {
                    self.take(request);
                }
                world::store_closed();
                world::set_suspended(true);
                gate.suspended.send_replace(true);
                tokio::select! {
                    biased;
                    () = stopped(stopping, over) => break,
                    Ok(_) = gate.wanted.wait_for(|wanted| !wanted) => {}
                }
                self.open();
                world::set_suspended(false);
                gate.suspended.send_replace(false);
            }
            tokio::select! {
                biased;
                () = stopped(stopping, over) => break,
                Ok(()) = gate.wanted.changed() => continue,
                request = requests.recv() => match request {
                    Some(request) => self.take(request),
                    None => break,
                },
            }
        }
        world::store_closed();
    }

    pub(super) async fn say_goodbye(&mut self) {}

    /// As the product does it: nobody reads alone meanwhile.
    fn open(&self) {
        let way = self.published.readers.make_way();
        world::store_opened();
        drop(way);
    }

    fn take(&self, request: Request) {
        match request {
            Request::Hint(Input::Network(number)) => {
                world::told(number);
                self.published.watchers.all_changed();
            }
            Request::Hint(Input::Typing { .. }) => {}
            Request::Command { body, reply } => {
                let Command::Write(number) = body;
                world::written(number);
                self.published.watchers.changed(Topic::Conversations);
                let _ = reply.send(Ok(Reply));
            }
        }
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>, over: &mut watch::Receiver<bool>) {
    tokio::select! {
        biased;
        _ = stopping.wait_for(|stop| *stop) => {}
        _ = over.wait_for(|over| *over) => {}
    }
}
