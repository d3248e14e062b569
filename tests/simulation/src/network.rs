//! The network: bytes under way, in order of arrival. Within one direction of one socket nothing
//! overtakes; everything else may.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_engine::{RequestId, SocketFailure, SocketId};
use fulmar_protocol::{ApiRequest, HttpAnswer, Secret};

/// A device by its number.
pub(crate) type DeviceIndex = usize;
/// The backend's name for a socket.
pub(crate) type FarSocket = fulmar_backend::SocketId;

/// Which process of which device: what was meant for an earlier one is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Process {
    pub(crate) device: DeviceIndex,
    pub(crate) run: u32,
}

/// What arrives, or is done, at a point of the virtual time.
#[derive(Debug, Clone)]
pub(crate) enum ScheduledEvent {
    /// A handshake reaches the server.
    Handshake {
        process: Process,
        socket: SocketId,
        token: Secret,
    },
    /// The answer of the handshake reaches the device.
    Opened { process: Process, socket: SocketId },
    /// A handshake failed.
    Refused {
        process: Process,
        socket: SocketId,
        failure: SocketFailure,
    },
    /// A frame reaches the server.
    ToServer { far: FarSocket, text: String },
    /// A frame reaches the device.
    ToDevice {
        process: Process,
        socket: SocketId,
        text: String,
    },
    /// The end of a socket reaches the device.
    EndAtDevice {
        process: Process,
        socket: SocketId,
        code: Option<u16>,
    },
    /// The end of a socket reaches the server.
    EndAtServer { far: FarSocket },
    /// An HTTP request reaches the server.
    Request {
        process: Process,
        request: RequestId,
        call: Box<ApiRequest>,
        token: Option<Secret>,
    },
    /// An HTTP answer reaches the device; `None`: the connection broke.
    Answer {
        process: Process,
        request: RequestId,
        call: Box<ApiRequest>,
        answer: Option<HttpAnswer>,
    },
    /// The app's own backend is asked for a token.
    TokenWanted {
        process: Process,
        request: RequestId,
    },
    /// The app of a device does something.
    Act { device: DeviceIndex, number: u32 },
    /// A crashed process starts again.
    Start { device: DeviceIndex },
    /// A suspended process goes on.
    Resume { device: DeviceIndex },
    /// The platform says that there is a network again.
    Online { device: DeviceIndex },
    /// The storm does something to one device or to the server.
    Weather,
    /// The server runs its timers.
    ServerTick,
}

/// Everything that is under way.
#[derive(Debug, Default)]
pub(crate) struct Network {
    queue: BTreeMap<(u64, u64), ScheduledEvent>,
    count: u64,
    /// The latest arrival per direction of a socket, so that nothing overtakes.
    ordered: BTreeMap<(FarSocket, Direction), u64>,
    /// Sockets that carry nothing any more in a direction.
    muted: BTreeSet<(FarSocket, Direction)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Up,
    Down,
}

impl Network {
    pub(crate) fn at(&mut self, time: u64, event: ScheduledEvent) {
        self.count += 1;
        self.queue.insert((time, self.count), event);
    }

    /// As `at`, but not before what the same direction of the socket carries already.
    pub(crate) fn in_order(
        &mut self,
        time: u64,
        far: FarSocket,
        direction: Direction,
        event: ScheduledEvent,
    ) {
        let latest = self.ordered.entry((far, direction)).or_insert(time);
        *latest = (*latest).max(time);
        let time = *latest;
        self.at(time, event);
    }

    /// From now on nothing arrives in this direction.
    pub(crate) fn mute(&mut self, far: FarSocket, direction: Direction) {
        self.muted.insert((far, direction));
    }

    pub(crate) fn is_muted(&self, far: FarSocket, direction: Direction) -> bool {
        self.muted.contains(&(far, direction))
    }

    /// Whether nothing arrives in one of the directions.
    pub(crate) fn is_dead(&self, far: FarSocket) -> bool {
        self.is_muted(far, Direction::Up) || self.is_muted(far, Direction::Down)
    }

    pub(crate) fn next_time(&self) -> Option<u64> {
        self.queue.keys().next().map(|(time, _)| *time)
    }

    pub(crate) fn pop(&mut self) -> Option<ScheduledEvent> {
        self.queue.pop_first().map(|(_, event)| event)
    }

    /// Every connection over HTTP ends: no answer arrives any more.
    pub(crate) fn lose_answers(&mut self) {
        for event in self.queue.values_mut() {
            if let ScheduledEvent::Answer { answer, .. } = event {
                *answer = None;
            }
        }
    }

    /// What a cut leaves of a socket: nothing of what was under way arrives.
    pub(crate) fn drop_socket(&mut self, far: FarSocket, process: Process, near: SocketId) {
        self.queue.retain(|_, event| match event {
            ScheduledEvent::ToServer { far: there, .. } => *there != far,
            ScheduledEvent::ToDevice {
                process: there,
                socket,
                ..
            } => (*there, *socket) != (process, near),
            _ => true,
        });
        self.ordered.remove(&(far, Direction::Up));
        self.ordered.remove(&(far, Direction::Down));
    }
}
