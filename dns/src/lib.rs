//! Names in, records out, for whatever directory it is given.
