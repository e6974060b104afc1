//! Who is connected. Only the accept loop touches it, so it needs no lock.

use std::collections::HashMap;
use std::net::IpAddr;

use super::Limits;

#[derive(Default)]
pub(super) struct Guests {
    of: HashMap<IpAddr, usize>,
    all: usize,
}

impl Guests {
    /// Counts one more of `who`; false where there are too many.
    pub(super) fn enter(&mut self, who: IpAddr, limits: Limits) -> bool {
        let mine = self.of.entry(who).or_default();
        let full = (limits.per_client > 0 && *mine >= limits.per_client) || self.all >= limits.all;
        if full {
            if *mine == 0 {
                self.of.remove(&who);
            }
            return false;
        }
        *mine += 1;
        self.all += 1;
        true
    }

    pub(super) fn leave(&mut self, who: IpAddr) {
        self.all -= 1;
        if let Some(mine) = self.of.get_mut(&who) {
            *mine -= 1;
            if *mine == 0 {
                self.of.remove(&who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_left_is_not_counted() {
        let mut guests = Guests::default();
        let limits = Limits { per_client: 0, all: 2, ..Limits::default() };
        let who = IpAddr::from([127, 0, 0, 1]);
        assert!(guests.enter(who, limits) && guests.enter(who, limits) && !guests.enter(who, limits));
        guests.leave(who);
        guests.leave(who);
        assert!(guests.of.is_empty() && guests.enter(who, limits));
    }
}
