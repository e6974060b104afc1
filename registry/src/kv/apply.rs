//! What the commands of the KV store mean.

use std::sync::Arc;

use super::tree::{Entry, Lost};
use crate::command::KvCommand;
use crate::{Change, Changes, Name, Response, View};

pub(crate) fn apply(view: &mut View, index: u64, command: &KvCommand, changes: &mut Changes) -> Response {
    match command {
        KvCommand::Set { key, value, flags, cas } => {
            let held = view.kv.entries.get(key);
            if !matches_cas(held, *cas) {
                return Response::Applied(false);
            }
            // The same value again moves no index: nobody is woken for nothing.
            if held.is_some_and(|entry| entry.value == *value && entry.flags == *flags) {
                return Response::Applied(true);
            }
            let entry = Entry {
                key: held.map_or_else(|| key.clone(), |entry| entry.key.clone()),
                value: value.clone(),
                flags: *flags,
                lock_index: held.map_or(0, |entry| entry.lock_index),
                session: held.map_or_else(|| "".into(), |entry| entry.session.clone()),
                create_index: held.map_or(index, |entry| entry.create_index),
                modify_index: index,
            };
            view.kv.tombstones.remove(key);
            view.kv.entries.insert(Arc::new(entry));
            changes.touch(Change::Key(key.clone()));
            Response::Applied(true)
        }
        KvCommand::Delete { key, cas } => {
            let held = view.kv.entries.get(key);
            match (cas, held) {
                // What is not there is gone, whatever index it was to have.
                (_, None) => return Response::Applied(true),
                (Some(0), _) => return Response::Applied(false),
                (Some(wanted), Some(entry)) if entry.modify_index != *wanted => {
                    return Response::Applied(false);
                }
                (_, Some(_)) => remove(view, index, key, changes),
            }
            Response::Applied(true)
        }
        KvCommand::DeleteTree { prefix } => {
            let keys: Vec<Name> = view.kv.under(prefix).map(|entry| entry.key.clone()).collect();
            for key in &keys {
                remove(view, index, key, changes);
            }
            Response::Applied(true)
        }
    }
}

fn remove(view: &mut View, index: u64, key: &Name, changes: &mut Changes) {
    view.kv.entries.remove(key);
    view.kv.tombstones.insert(Lost { key: key.clone(), index });
    changes.touch(Change::Key(key.clone()));
}

fn matches_cas(held: Option<&Arc<Entry>>, cas: Option<u64>) -> bool {
    match (cas, held) {
        (None, _) | (Some(0), None) => true,
        (Some(0), Some(_)) | (Some(_), None) => false,
        (Some(wanted), Some(entry)) => entry.modify_index == wanted,
    }
}
