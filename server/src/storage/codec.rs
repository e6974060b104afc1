//! The only place that makes or reads persisted and sent bytes of ours. A format version stands before each.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version that is written. A reader refuses what it does not know.
const VERSION: u8 = 1;

/// The largest record that is decoded: a damaged length must not ask for all memory.
const LIMIT: usize = 64 << 20;

/// `value` as bytes.
///
/// # Errors
/// Where the type cannot be encoded, which is a fault of ours.
pub fn encode<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    let mut bytes = vec![VERSION];
    bincode::serde::encode_into_std_write(value, &mut bytes, bincode::config::standard())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    Ok(bytes)
}

/// The value behind `bytes`, which must hold it and nothing else.
///
/// # Errors
/// Where the version is unknown or the bytes are damaged.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    let damaged = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let body = match bytes.split_first() {
        Some((&VERSION, body)) => body,
        Some((other, _)) => {
            return Err(damaged(format!("record of format {other}, this build reads {VERSION}")));
        }
        None => return Err(damaged("empty record".into())),
    };
    let config = bincode::config::standard().with_limit::<LIMIT>();
    let (value, read) = bincode::serde::decode_from_slice(body, config)
        .map_err(|error| damaged(format!("damaged record: {error}")))?;
    if read != body.len() {
        return Err(damaged(format!("{} bytes behind a record", body.len() - read)));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use muster_registry::Name;
    use muster_registry::command::{Command, KvCommand};

    use super::*;

    fn sample() -> Command {
        Command::Kv(KvCommand::Set {
            key: Name::new("a/b"),
            value: b"value".as_slice().into(),
            flags: 7,
            cas: Some(3),
        })
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = encode(&sample()).unwrap();
        assert_eq!(decode::<Command>(&bytes).unwrap(), sample());
    }

    /// The bytes of format 1. They may never change: they are in the logs of users.
    #[test]
    fn format_one_is_frozen() {
        let bytes = encode(&sample()).unwrap();
        assert_eq!(bytes, b"\x01\x03\x00\x00\x03a/b\x05value\x07\x01\x03");
    }

    /// A registration in the log of a server that knew no dates.
    #[test]
    fn a_command_without_a_date_is_read() {
        let bytes = include_bytes!("golden/register-1");
        let command = decode::<Command>(bytes).unwrap();
        let Command::Register(registration) = &command else { panic!("{command:?}") };
        assert_eq!((&*registration.node, registration.checks.len()), ("n1", 1));
        assert_eq!(encode(&command).unwrap(), bytes);
        // The date stands before it, in twelve bytes.
        let dated = encode(&command.dated(1_764_091_196_000)).unwrap();
        assert_eq!(dated[..13], *b"\x01\x07\xfd\x60\x72\x07\xbc\x9a\x01\0\0\0\x01");
        assert_eq!(dated[13..], bytes[1..]);
    }

    #[test]
    fn damage_is_an_error() {
        let bytes = encode(&sample()).unwrap();
        for cut in 0..bytes.len() {
            assert!(decode::<Command>(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(decode::<Command>(&longer).is_err());
        let mut newer = bytes;
        newer[0] = 9;
        assert!(decode::<Command>(&newer).unwrap_err().to_string().contains("format 9"));
    }

    #[test]
    fn a_batch_in_a_batch_is_refused_before_it_can_grow_deep() {
        let mut bytes = vec![VERSION];
        bytes.extend([5, 1].repeat(100_000));
        bytes.push(0);
        assert!(decode::<Command>(&bytes).is_err());
        let flat = Command::Batch(vec![muster_registry::Single::Noop]);
        assert_eq!(decode::<Command>(&encode(&flat).unwrap()).unwrap(), flat);
    }
}
