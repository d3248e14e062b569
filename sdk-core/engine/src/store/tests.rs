//! Tests of opening, refusing and rebuilding stores.
