//! Back ends of [`oidc_core::storage::Storage`].
//!
//! | Back end | Feature | Survives | Shared by |
//! |---|---|---|---|
//! | [`MemoryStorage`] | always there | nothing: gone with the process | tasks of one process |
//! | [`SqliteStorage`](sqlite::SqliteStorage) | `sqlite` | crash of the process, loss of power | processes of one machine |
//!
//! Back ends know nothing about OAuth and never judge expiry. Each passes the whole suite of
//! [`oidc_core::storage_conformance!`].

#![forbid(unsafe_code)]

use oidc_core::storage::{MAX_BODY, Record, Scan, StorageError};

mod memory;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use memory::MemoryStorage;

/// Most records on one page of a scan, whatever its limit: a page is held in memory whole.
pub const MAX_PAGE: usize = 1000;

/// A page ends with the record that brings its bodies to this many bytes.
pub const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;

fn check_size(record: &Record) -> Result<(), StorageError> {
    let size = record.body.len();
    if size > MAX_BODY {
        return Err(StorageError::TooLarge { size });
    }
    Ok(())
}

fn page_limit(scan: &Scan) -> usize {
    usize::try_from(scan.limit).map_or(MAX_PAGE, |limit| limit.clamp(1, MAX_PAGE))
}

/// The README's examples compile and run.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct ReadmeExamples;
