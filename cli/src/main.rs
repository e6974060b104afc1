//! The `muster` binary: parses, dispatches, and says how it ended. It holds no rule of the domain.

#![warn(clippy::print_stdout)]

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
    let mut typed = Vec::new();
    for argument in std::env::args_os() {
        match argument.into_string() {
            Ok(argument) => typed.push(argument),
            Err(raw) => {
                eprintln!("argument {}, {raw:?}, is not UTF-8", typed.len());
                return ExitCode::FAILURE;
            }
        }
    }
    let named = typed.get(1).cloned();
    let arguments = flags::as_parsed(typed, &commands::Cli::command());
    if matches!(arguments.get(1).map(String::as_str), Some("-v" | "--version")) {
        let said = commands::out::line(format_args!("Muster v{}", env!("CARGO_PKG_VERSION")));
        return said.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let cli = match commands::Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return refused(&error, named.as_deref()),
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
fn refused(error: &clap::Error, named: Option<&str>) -> ExitCode {
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
