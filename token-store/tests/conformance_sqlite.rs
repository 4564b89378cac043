//! The storage suite over [`SqliteStorage`], with a file and without.

#![cfg(feature = "sqlite")]
#![expect(
    clippy::unwrap_used,
    reason = "a store that does not open fails the test"
)]

use std::sync::Arc;

use oidc_token_store::sqlite::SqliteStorage;
use tempfile::TempDir;

mod file {
    use super::*;

    fn sqlite_storage() -> (Arc<SqliteStorage>, TempDir) {
        let folder = TempDir::new().unwrap();
        let storage = SqliteStorage::open(folder.path().join("store.db")).unwrap();
        (Arc::new(storage), folder)
    }

    oidc_core::storage_conformance! {
        storage = sqlite_storage(),
        except = [],
    }
}

mod memory {
    use super::*;

    oidc_core::storage_conformance! {
        storage = Arc::new(SqliteStorage::open_in_memory().unwrap()),
        except = [],
    }
}
