//! `muster operator raft`: the servers of the consensus.

mod list_peers;
mod remove_peer;
mod transfer_leader;

use super::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Looks at and changes the servers of the consensus.
    #[command(subcommand)]
    Raft(Raft),
}

#[derive(clap::Subcommand)]
pub(crate) enum Raft {
    /// Displays the current Raft peer configuration.
    ListPeers(list_peers::Flags),
    /// Removes a server from the Raft configuration.
    RemovePeer(remove_peer::Flags),
    /// Hands the lead to another server.
    TransferLeader(transfer_leader::Flags),
}

pub(crate) async fn run(Command::Raft(command): Command) -> Result<(), Failure> {
    match command {
        Raft::ListPeers(flags) => list_peers::run(flags).await,
        Raft::RemovePeer(flags) => remove_peer::run(flags).await,
        Raft::TransferLeader(flags) => transfer_leader::run(flags).await,
    }
}
