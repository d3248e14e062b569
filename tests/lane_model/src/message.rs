//! What travels in a submit: operations on the messages of one device, by their numbers. Knows nothing of states.

/// The most messages that one device hands over in any bounds.
pub(crate) const MOST_MESSAGES: usize = 3;

/// One of the two devices.
pub(crate) type DeviceIndex = usize;

/// A message of a device: the first that its app handed over is 0.
pub(crate) type Number = u8;

/// A set of messages of one device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Numbers(u8);

impl Numbers {
    pub(crate) fn insert(&mut self, number: Number) {
        self.0 |= 1 << number;
    }

    pub(crate) fn remove(&mut self, number: Number) {
        self.0 &= !(1 << number);
    }

    pub(crate) fn contains(self, number: Number) -> bool {
        self.0 & (1 << number) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order in which the app handed them over.
    pub(crate) fn iter(self) -> impl Iterator<Item = Number> {
        numbers().filter(move |number| self.contains(*number))
    }
}

/// Every number that a message can have.
pub(crate) fn numbers() -> impl Iterator<Item = Number> {
    (0..).take(MOST_MESSAGES)
}

/// The operation key of a `message.send`, which is the identity of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) device: DeviceIndex,
    pub(crate) number: Number,
    /// A second key for the same message. No device makes one, but by mistake.
    pub(crate) is_fresh: bool,
}

/// An operation of a submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    /// `message.send`.
    Send(Number),
    /// `message.delete` behind a message that may be at the server.
    Delete(Number),
}

/// The operations of a submit: the messages in their order, then the deletions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Operations {
    sends: Numbers,
    deletes: Numbers,
    fresh: Numbers,
}

impl Operations {
    pub(crate) fn insert(&mut self, operation: Operation) {
        match operation {
            Operation::Send(number) => self.sends.insert(number),
            Operation::Delete(number) => self.deletes.insert(number),
        }
    }

    /// The message goes under a second key.
    pub(crate) fn set_fresh(&mut self, number: Number) {
        self.fresh.insert(number);
    }

    pub(crate) fn contains(self, operation: Operation) -> bool {
        match operation {
            Operation::Send(number) => self.sends.contains(number),
            Operation::Delete(number) => self.deletes.contains(number),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.sends.is_empty() && self.deletes.is_empty()
    }

    pub(crate) fn sends(self) -> Numbers {
        self.sends
    }

    pub(crate) fn key(self, device: DeviceIndex, number: Number) -> Key {
        Key {
            device,
            number,
            is_fresh: self.fresh.contains(number),
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Operation> {
        let sends = self.sends.iter().map(Operation::Send);
        sends.chain(self.deletes.iter().map(Operation::Delete))
    }
}
