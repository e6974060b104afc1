//! openraft's own suite of what a store must do, against ours on a real RocksDB.

use std::sync::Arc;

use muster_server::consensus::state_machine::StateMachine;
use muster_server::consensus::types::TypeConfig;
use muster_server::hub::Hub;
use muster_server::storage::log::Log;
use muster_server::storage::snapshots::Snapshots;
use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use openraft::type_config::TypeConfigExt as _;

struct Builder;

impl StoreBuilder<TypeConfig, Log, StateMachine, tempfile::TempDir> for Builder {
    async fn build(&self) -> Result<(tempfile::TempDir, Log, StateMachine), StorageError<TypeConfig>> {
        let failed = |error: std::io::Error| StorageError::read(TypeConfig::err_from_error(&error));
        let folder = tempfile::tempdir().map_err(failed)?;
        let log = Log::open(&folder.path().join("log")).map_err(failed)?;
        let snapshots = Snapshots::open(&folder.path().join("snapshots")).map_err(failed)?;
        let machine = StateMachine::open(snapshots, Arc::new(Hub::default())).map_err(failed)?;
        Ok((folder, log, machine))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openraft_s_suite_passes() {
    Suite::test_all(Builder).await.unwrap();
}
