//! Consul's users type long flags with one dash; the parser wants two.

/// `-http-port 1` as `--http-port 1`; everything behind a bare `--`, and a lone `-`, stays as it is.
pub(crate) fn long_flags(arguments: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut verbatim = false;
    let turn = |argument: String| {
        verbatim |= argument == "--";
        let one_dash = argument.starts_with('-') && !argument.starts_with("--");
        let is_word = argument.chars().nth(1).is_some_and(|c| c.is_ascii_alphabetic());
        if one_dash && is_word && !verbatim { format!("-{argument}") } else { argument }
    };
    arguments.into_iter().map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::long_flags;

    #[test]
    fn one_dash_is_two() {
        let typed = ["muster", "agent", "-dev", "-http-port=1", "--node", "n", "-", "-5", "--", "-x"];
        let turned = ["muster", "agent", "--dev", "--http-port=1", "--node", "n", "-", "-5", "--", "-x"];
        assert_eq!(long_flags(typed.map(String::from)), turned);
    }
}
