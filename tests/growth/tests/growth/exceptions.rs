//! What still grows, and how far: so many steps at most among the larger amount. A row goes when it grows no more, and
//! none is added.

use fulmar_growth::Action::{
    self, Connect, Draft, List, MarkRead, Reaction, Receive, Send, Start, Timeline,
};
use fulmar_growth::Pile::{
    self, Conversations, Hidden, Messages, People, Replies, Unread, Unsent, UnsentElsewhere,
};
use fulmar_growth::Side::{self, Device, Server};

pub(crate) const EXCEPTIONS: [(Action, Pile, Side, u64); 33] = [
    (Timeline, Unsent, Device, 76600),
    (Send, UnsentElsewhere, Device, 306100),
    (Receive, UnsentElsewhere, Device, 20100),
    (List, UnsentElsewhere, Device, 3200),
    (Start, UnsentElsewhere, Device, 361000),
    (Send, Messages, Server, 11300),
    (Send, Unread, Server, 11300),
    (Send, Hidden, Server, 11300),
    (Receive, Hidden, Server, 13500),
    (Reaction, Hidden, Server, 14400),
    (MarkRead, Hidden, Server, 12600),
    (Timeline, Hidden, Device, 9100),
    (Send, Replies, Server, 11300),
    (Timeline, Replies, Device, 9100),
    (Send, Conversations, Server, 114800),
    (Connect, Conversations, Device, 12200),
    (Connect, Conversations, Server, 203000),
    (Start, Conversations, Device, 15700),
    (Start, Conversations, Server, 203000),
    (Send, People, Device, 22600),
    (Send, People, Server, 15294900),
    (Receive, People, Device, 10900),
    (Receive, People, Server, 15264800),
    (Reaction, People, Device, 21500),
    (Reaction, People, Server, 15370300),
    (MarkRead, People, Device, 22000),
    (MarkRead, People, Server, 105200),
    (Draft, People, Device, 10200),
    (Timeline, People, Device, 11400),
    (Connect, People, Device, 3500),
    (Connect, People, Server, 10100),
    (Start, People, Device, 3800),
    (Start, People, Server, 10100),
];
