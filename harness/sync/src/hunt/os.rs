//! The part of std's `os` that a model has.

/// As `std::os::unix`.
pub mod unix {
    /// As `std::os::unix::fs`.
    pub mod fs {
        pub use crate::hunt::fs::MetadataExt;
    }
}
