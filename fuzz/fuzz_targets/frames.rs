//! Frames in both directions: whatever comes is read or refused, and what was read is the same when it has travelled
//! once more.
#![no_main]

use fulmar_protocol::{ClientFrame, ServerFrame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(frame) = ClientFrame::from_text(text)
        && frame != ClientFrame::Unknown
    {
        if let ClientFrame::Submit(submit) = &frame {
            for operation in &submit.operations {
                // Refused or not, nothing breaks.
                let _ = operation.read();
            }
        }
        assert_eq!(ClientFrame::from_text(&frame.to_text()), Ok(frame));
    }
    if let Ok(frame) = ServerFrame::from_text(text)
        && frame != ServerFrame::Unknown
    {
        if let ServerFrame::Events(events) = &frame {
            for event in &events.events {
                let _ = event.read();
            }
        }
        assert_eq!(ServerFrame::from_text(&frame.to_text()), Ok(frame));
    }
});
