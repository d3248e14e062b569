//! What must be so, whatever happened: at the server in the end, on each device in the end, and on a device whenever one
//! looks. It compares; it never asks why.

mod judge;
mod moment;
mod server;
pub(crate) mod view;

pub(crate) use judge::{Record, Truth, judge_drafts, removed};
pub(crate) use moment::{look, look_at_hits, look_at_own};
pub(crate) use server::{Account, Reader};
pub(crate) use view::{Chat, Message, View, compare};
