//! Asking an agent by DNS, with `dig` and by hand.

use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use crate::Agent;

impl Agent {
    /// What `dig +short` says, in order; nothing where nobody answers.
    #[must_use]
    pub fn dig(&self, name: &str, kind: &str) -> Vec<String> {
        let port = self.dns.to_string();
        let output = Command::new("dig")
            .args(["@127.0.0.1", "-p", &port, name, kind, "+short", "+tries=1", "+time=5"])
            .output()
            .expect("dig, from Debian's dnsutils");
        let said = String::from_utf8(output.stdout).unwrap();
        // dig complains where the answers would stand.
        let mut lines: Vec<String> =
            said.lines().filter(|line| !line.starts_with(';')).map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// What `dig -x` says.
    #[must_use]
    pub fn reverse(&self, address: Ipv4Addr) -> Vec<String> {
        let [a, b, c, d] = address.octets();
        self.dig(&format!("{d}.{c}.{b}.{a}.in-addr.arpa"), "PTR")
    }

    /// A socket that asks this agent's DNS port.
    #[must_use]
    pub fn dns_socket(&self) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", self.dns)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        socket
    }
}
