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
            let text = error.to_string();
            if !text.is_empty() {
                eprintln!("{text}");
            }
            ExitCode::from(error.code())
        }
    }
}

/// Exit codes as Consul's: 0 for help that was asked for, 127 for a command that there is not, else 1.
fn refused(error: &clap::Error) -> ExitCode {
    let named = std::env::args().nth(1);
    let known = named.is_some_and(|name| commands::Cli::command().find_subcommand(name).is_some());
    let code = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        _ if known => 1,
        _ => 127,
    };
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let flag = context(ContextKind::InvalidArg).and_then(|flag| flag.strip_prefix('-'));
    match (error.kind(), flag, context(ContextKind::InvalidValue)) {
        (ErrorKind::UnknownArgument, Some(flag), _) => eprintln!("flag provided but not defined: {flag}"),
        (ErrorKind::ValueValidation | ErrorKind::InvalidValue, Some(flag), Some(value)) => {
            let flag = flag.split(' ').next().unwrap_or_default();
            eprintln!("invalid value {value:?} for flag {flag}: parse error");
        }
        _ => {
            let _ = error.print();
        }
    }
    ExitCode::from(code)
}
