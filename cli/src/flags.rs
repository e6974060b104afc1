//! The command line as Consul's users type it: long flags with one dash, switches with a value, and everything from
//! the first plain word on taken as it is. The parser wants two dashes and a `--`.

use clap::{ArgAction, Command};

/// Commands of our own whose flags may stand behind their words.
const MIXED: [&str; 1] = ["why"];

/// Turns what was typed into what `parser` takes.
pub(crate) fn as_parsed(typed: impl IntoIterator<Item = String>, parser: &Command) -> Vec<String> {
    let mut typed = typed.into_iter();
    let mut turned: Vec<String> = typed.next().into_iter().collect();
    let mut command = parser;
    while let Some(argument) = typed.next() {
        if argument == "--" {
            turned.push(argument);
            turned.extend(typed);
            return turned;
        }
        let Some(flag) = flag_of(&argument) else {
            if let Some(inner) = command.find_subcommand(&argument) {
                command = inner;
                turned.push(argument);
                continue;
            }
            if MIXED.contains(&command.get_name()) {
                turned.push(argument);
                continue;
            }
            // The first plain word: no flags behind it.
            if !command.has_subcommands() {
                turned.push("--".into());
            }
            turned.push(argument);
            turned.extend(typed);
            return turned;
        };
        let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        match (is_switch(command, name), value) {
            (Some(true), Some("true" | "1" | "t")) => turned.push(format!("--{name}")),
            (Some(true), Some("false" | "0" | "f")) => {}
            (Some(false), None) => {
                turned.push(format!("--{name}"));
                // Its value, whatever it looks like.
                if let (Some(value), Some(last)) = (typed.next(), turned.last_mut()) {
                    last.push('=');
                    last.push_str(&value);
                }
            }
            _ if argument.len() == 2 => turned.push(argument),
            _ => turned.push(format!("--{flag}")),
        }
    }
    turned
}

/// What stands behind the dashes of a flag.
fn flag_of(argument: &str) -> Option<&str> {
    let flag = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'))?;
    flag.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(flag)
}

/// Whether a flag of `command` takes no value; `None` where there is no such flag.
fn is_switch(command: &Command, name: &str) -> Option<bool> {
    let named = |argument: &&clap::Arg| {
        argument.get_long() == Some(name) || argument.get_all_aliases().is_some_and(|all| all.contains(&name))
    };
    command.get_arguments().find(named).map(|argument| matches!(argument.get_action(), ArgAction::SetTrue))
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, Command};

    use super::as_parsed;

    fn parser() -> Command {
        let put = Command::new("put")
            .arg(Arg::new("cas").long("cas").action(ArgAction::SetTrue))
            .arg(Arg::new("flags").long("flags"))
            .arg(Arg::new("words").num_args(0..));
        let why = Command::new("why").arg(Arg::new("node").long("node")).arg(Arg::new("words").num_args(0..));
        Command::new("muster").subcommand(Command::new("kv").subcommand(put)).subcommand(why)
    }

    #[test]
    fn what_consul_s_users_type_is_understood() {
        for (typed, expected) in [
            ("muster kv put -cas -flags 1 k v", "muster kv put --cas --flags=1 -- k v"),
            ("muster kv put -cas=true k", "muster kv put --cas -- k"),
            ("muster kv put -cas=false k -", "muster kv put -- k -"),
            ("muster kv put k -cas", "muster kv put -- k -cas"),
            ("muster kv put -flags=-1 --cas -- -k", "muster kv put --flags=-1 --cas -- -k"),
            ("muster kv put -nosuch k", "muster kv put --nosuch -- k"),
            ("muster kv put - x", "muster kv put -- - x"),
            ("muster nosuch -x", "muster nosuch -x"),
            ("muster why web -node n", "muster why web --node=n"),
            ("muster why -node n -- -x", "muster why --node=n -- -x"),
            ("muster -v", "muster -v"),
        ] {
            let typed = typed.split(' ').map(String::from);
            assert_eq!(as_parsed(typed, &parser()).join(" "), expected);
        }
    }
}
