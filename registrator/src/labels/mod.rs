//! What the labels and the environment of a container say about its instances. Pure: texts in, texts out.

pub(crate) mod address;
pub(crate) mod check;
mod functions;
pub(crate) mod id;
pub(crate) mod meta;
pub(crate) mod name;
pub(crate) mod source;
pub(crate) mod tags;
pub(crate) mod template;
