//! The `muster` binary: parses, dispatches, and says how it ended. It holds no rule of the domain.

mod commands;
mod config;
mod flags;
mod wiring;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = flags::as_parsed(std::env::args(), &commands::Cli::command());
    if matches!(arguments.get(1).map(String::as_str), Some("-v" | "--version")) {
        println!("Muster v{}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let cli = match commands::Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("muster: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.code())
        }
    }
}

/// Exit codes as Consul's: 0 for help that was asked for, 127 for a command that there is not, else 1.
fn refused(error: &clap::Error) -> ExitCode {
    let code = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        ErrorKind::InvalidSubcommand => 127,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if std::env::args().len() < 2 => 127,
        _ => 1,
    };
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) if error.kind() == ErrorKind::UnknownArgument => {
            eprintln!("flag provided but not defined: {}", flag.strip_prefix('-').unwrap_or(flag));
        }
        _ => {
            let _ = error.print();
        }
    }
    ExitCode::from(code)
}
