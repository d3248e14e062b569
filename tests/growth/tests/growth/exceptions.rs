//! What still grows, and how far: so many steps at most among the larger amount. A row goes when it grows no more, and
//! none is added.

use fulmar_growth::Action::{
    self, Connect, List, MarkRead, Reaction, Receive, Send, Start, Timeline,
};
use fulmar_growth::Pile::{self, Conversations, Hidden, People, Replies, Unsent, UnsentElsewhere};
use fulmar_growth::Side::{self, Device, Server};

pub(crate) const EXCEPTIONS: [(Action, Pile, Side, u64); 17] = [
    (Timeline, Unsent, Device, 76600),
    (Send, UnsentElsewhere, Device, 306100),
    (Receive, UnsentElsewhere, Device, 20100),
    (List, UnsentElsewhere, Device, 3200),
    (Start, UnsentElsewhere, Device, 361000),
    (Receive, Hidden, Server, 13600),
    (Reaction, Hidden, Server, 14500),
    (MarkRead, Hidden, Server, 12700),
    (Timeline, Hidden, Device, 9100),
    (Timeline, Replies, Device, 9100),
    (Send, Conversations, Server, 139900),
    (Connect, Conversations, Server, 203000),
    (Start, Conversations, Server, 203000),
    (Send, People, Server, 512200),
    (Receive, People, Server, 511700),
    (Reaction, People, Server, 615000),
    (MarkRead, People, Server, 105200),
];
