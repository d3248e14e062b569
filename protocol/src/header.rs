//! The names of headers that the protocol uses, and some of their values.

/// What the body is.
pub const CONTENT_TYPE: &str = "content-type";
/// Which part of a file comes.
pub const CONTENT_RANGE: &str = "content-range";
/// Where a new upload is.
pub const LOCATION: &str = "location";
/// Which part of a file is wanted.
pub const RANGE: &str = "range";
/// The version of tus.
pub const TUS_RESUMABLE: &str = "tus-resumable";
/// How many bytes an upload will have.
pub const UPLOAD_LENGTH: &str = "upload-length";
/// What else is said about an upload.
pub const UPLOAD_METADATA: &str = "upload-metadata";
/// How many bytes of an upload are there.
pub const UPLOAD_OFFSET: &str = "upload-offset";
/// The body of a frame or a request.
pub const JSON: &str = "application/json";
/// The body that continues an upload.
pub const OFFSET_STREAM: &str = "application/offset+octet-stream";
