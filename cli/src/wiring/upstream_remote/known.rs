//! Which servers are known, the one in use first. Pure.

/// A list that keeps what was configured and follows the servers' own list in all else.
#[derive(Debug)]
pub(super) struct Known(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    address: String,
    configured: bool,
}

impl Known {
    pub(super) fn new(configured: Vec<String>) -> Self {
        let mut known = Self(Vec::new());
        for address in configured {
            known.add(address, true);
        }
        known
    }

    /// In the order in which they are to be asked.
    pub(super) fn in_order(&self) -> Vec<String> {
        self.0.iter().map(|entry| entry.address.clone()).collect()
    }

    pub(super) fn first(&self) -> Option<&String> {
        self.0.first().map(|entry| &entry.address)
    }

    /// Somebody named another one.
    pub(super) fn learn(&mut self, address: String) {
        self.add(address, false);
    }

    /// The servers' own list: what was learned and is not in it is forgotten, new ones come last.
    pub(super) fn replace(&mut self, listed: Vec<String>) {
        self.0.retain(|entry| entry.configured || listed.contains(&entry.address));
        listed.into_iter().for_each(|address| self.add(address, false));
    }

    /// Puts a server behind the others. One that is not in use is behind already.
    pub(super) fn distrust(&mut self, address: &str) {
        if self.first().is_some_and(|first| first == address) {
            self.0.rotate_left(1);
        }
    }

    fn add(&mut self, address: String, configured: bool) {
        if !self.0.iter().any(|entry| entry.address == address) {
            self.0.push(Entry { address, configured });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(addresses: &[&str]) -> Vec<String> {
        addresses.iter().map(|&address| address.into()).collect()
    }

    #[test]
    fn the_servers_own_list_replaces_what_was_learned_and_keeps_what_was_configured() {
        let mut known = Known::new(list(&["a", "b", "a"]));
        known.replace(list(&["b", "c", "d"]));
        assert_eq!(known.in_order(), ["a", "b", "c", "d"]);
        known.learn("e".into());
        known.replace(list(&["d", "f"]));
        assert_eq!(known.in_order(), ["a", "b", "d", "f"]);
    }

    #[test]
    fn only_the_one_in_use_is_put_behind_the_others() {
        let mut known = Known::new(list(&["a", "b", "c"]));
        known.distrust("b");
        assert_eq!(known.in_order(), ["a", "b", "c"]);
        known.distrust("a");
        assert_eq!(known.in_order(), ["b", "c", "a"]);
        known.distrust("a");
        assert_eq!(known.first().unwrap(), "b");
    }
}
