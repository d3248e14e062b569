//! What the files of the runtime name of the rest of the product and of `tokio`.

pub(crate) mod engine;
pub(crate) mod protocol;
pub(crate) mod tokio;

pub(crate) mod error {
    use crate::OpenError;

    #[derive(Debug)]
    pub(crate) struct BuildError(OpenError);

    impl From<OpenError> for BuildError {
        fn from(error: OpenError) -> Self {
            Self(error)
        }
    }
}

pub(crate) mod files {
    use std::path::Path;

    #[derive(Debug)]
    pub(crate) struct Files;

    impl Files {
        pub(crate) fn beside(_store: &Path) -> Self {
            Self
        }

        pub(crate) fn close(&self) {}

        pub(crate) fn trim<T, E>(
            &self,
            _limit: u64,
            in_use: impl FnOnce() -> Result<T, E>,
        ) -> Result<(), E> {
            in_use().map(drop)
        }
    }
}

pub(crate) mod secret_storage {
    pub(crate) trait SecretStorage: std::fmt::Debug + Send + Sync {}
}

pub(crate) mod token_provider {
    pub(crate) trait TokenProvider: std::fmt::Debug + Send + Sync {}
}

pub(crate) mod transport {
    #[derive(Debug)]
    pub(crate) struct Transport;
}
