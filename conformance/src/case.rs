//! What a case is: a named script of requests, each of whose answers is compared.
//!
//! Texts in a step may hold placeholders, filled for each server apart: `{n}` a name of this case's own,
//! `{node}` the server's node, `{node-id}` its ID, `{http}` `{dns}` `{server}` its ports, `{index}` the last
//! X-Consul-Index, `{modify}` the last ModifyIndex seen in a body. Never talks to a server itself.

/// A script; servers are swept clean after each.
pub(crate) struct Case {
    /// Group and subject, as `kv/put`.
    pub(crate) name: &'static str,
    /// What is sent, in order.
    pub(crate) steps: &'static [Step],
}

/// One request and what of its answer counts.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: Body,
    /// Request headers besides Host, Connection and Content-Length.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// Answer headers compared besides those of every step.
    pub(crate) also: &'static [&'static str],
    pub(crate) view: View,
    /// A JSON pointer: only this part of the body counts.
    pub(crate) part: &'static str,
    /// Asked again until the body holds this text (white space aside); with `!` before it, holds it no more.
    pub(crate) until: &'static str,
    /// Lists of texts come in no order.
    pub(crate) sorted: bool,
    /// Milliseconds that the answer may take at least and at most.
    pub(crate) within: Option<(u64, u64)>,
    /// Milliseconds after which it is given up: that no answer came is the answer. 0: never.
    pub(crate) given_up_after: u64,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// No body and no Content-Length.
    None,
    /// Text with placeholders.
    Text(&'static str),
    /// Bytes as they are.
    Bytes(&'static [u8]),
    /// One byte, repeated.
    Repeat(u8, usize),
}

/// How a body is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum View {
    /// As JSON where it is JSON, else as text.
    Auto,
    /// As text, byte for byte.
    Exact,
    /// Names of keys down to this depth, values only by their kind.
    Keys(u8),
    /// Not at all: status and headers only.
    None,
}

pub(crate) const fn case(name: &'static str, steps: &'static [Step]) -> Case {
    Case { name, steps }
}

/// Any method, no body.
pub(crate) const fn send(method: &'static str, path: &'static str) -> Step {
    Step {
        method,
        path,
        body: Body::None,
        headers: &[],
        also: &[],
        view: View::Auto,
        part: "",
        until: "",
        sorted: false,
        within: None,
        given_up_after: 0,
    }
}

pub(crate) const fn get(path: &'static str) -> Step {
    send("GET", path)
}

pub(crate) const fn delete(path: &'static str) -> Step {
    send("DELETE", path)
}

/// PUT with a text body.
pub(crate) const fn put(path: &'static str, body: &'static str) -> Step {
    send("PUT", path).body(Body::Text(body))
}

impl Step {
    pub(crate) const fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
    pub(crate) const fn headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }
    pub(crate) const fn also(mut self, names: &'static [&'static str]) -> Self {
        self.also = names;
        self
    }
    pub(crate) const fn exact(mut self) -> Self {
        self.view = View::Exact;
        self
    }
    pub(crate) const fn keys(mut self, depth: u8) -> Self {
        self.view = View::Keys(depth);
        self
    }
    pub(crate) const fn no_body(mut self) -> Self {
        self.view = View::None;
        self
    }
    pub(crate) const fn part(mut self, pointer: &'static str) -> Self {
        self.part = pointer;
        self
    }
    pub(crate) const fn until(mut self, text: &'static str) -> Self {
        self.until = text;
        self
    }
    pub(crate) const fn sorted(mut self) -> Self {
        self.sorted = true;
        self
    }
    pub(crate) const fn within(mut self, least: u64, most: u64) -> Self {
        self.within = Some((least, most));
        self
    }
    pub(crate) const fn give_up_after(mut self, milliseconds: u64) -> Self {
        self.given_up_after = milliseconds;
        self
    }
}
