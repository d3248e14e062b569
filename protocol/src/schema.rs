//! The shape of what travels as JSON schemas, for the OpenAPI document of a server. What a derive sees is
//! beside the types; here is what it does not.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

macro_rules! named {
    ($($name:ident => $schema:tt;)*) => {$(
        impl JsonSchema for crate::$name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

named! {
    UserId => {"type": "string", "minLength": 1, "maxLength": 128};
    DeviceId => {"type": "string", "minLength": 1, "maxLength": 128};
    ConversationId => {"type": "string", "minLength": 1, "maxLength": 128};
    MessageId => {"type": "string", "minLength": 1, "maxLength": 128};
    FileId => {"type": "string", "minLength": 1, "maxLength": 128};
    ContentHash => {"type": "string", "pattern": "^[0-9a-f]{64}$"};
    Thumbnail => {"type": "string", "contentEncoding": "base64", "maxLength": 2732};
    SessionId => {"type": "string", "minLength": 1, "maxLength": 128};
    LogId => {"type": "string", "minLength": 1, "maxLength": 128};
    OperationKey => {"type": "string", "format": "uuid"};
    Seq => {"type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64};
    Position => {"type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64};
    SubmitId => {"type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64};
    SubmitOrder => {"type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64};
    Revision => {"type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64};
    Timestamp => {"type": "integer", "description": "Milliseconds since 1970-01-01T00:00:00Z."};
    Code => {"type": "string", "description": "One of PROTOCOL.md §8.1, or of a later version."};
    Secret => {"type": "string", "format": "password"};
}
