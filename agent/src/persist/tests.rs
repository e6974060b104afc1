//! What is stored is read again, whatever stands beside it.

use std::fs;

use super::*;

fn service(id: &str) -> ServiceDefinition {
    ServiceDefinition { id: id.into(), name: "n".into(), ..Default::default() }
}

#[test]
fn what_is_stored_is_read_again_and_a_torn_file_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for id in ["a/b", "a_b", "é", &"x".repeat(300)] {
        store.put(&[Record::service(&service(id), Origin::Api)]).unwrap();
    }
    let check = CheckDefinition { id: "c".into(), ..Default::default() };
    store.put(&[Record::check(&check, Origin::Api, "passing", "fine")]).unwrap();
    let torn = Key::Service("torn".into());
    fs::write(folder.path().join("services").join(file_name("torn")), b"{\"format\":1,").unwrap();
    let store = Store::open(folder.path()).unwrap();
    let found = store.read().unwrap();
    assert_eq!(found.services.len(), 4);
    assert_eq!((found.checks[0].status.as_str(), &found.checks[0].definition), ("passing", &check));
    assert!(store.is_aside(&torn) && !store.is_aside(&Key::Check("torn".into())));
    store.put(&[Record::service(&service("torn"), Origin::Api)]).unwrap();
    assert!(!store.is_aside(&torn));
    assert_eq!(store.read().unwrap().services.len(), 5);
}

#[test]
fn a_mark_goes_and_what_is_registered_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let check = CheckDefinition { id: "a".into(), ..Default::default() };
    let records =
        [Record::service(&service("a"), Origin::Api), Record::check(&check, Origin::File, "passing", "")];
    store.put(&records).unwrap();
    for key in [Key::Service("a".into()), Key::Check("a".into())] {
        assert_eq!(store.is_of_file(&key), matches!(key, Key::Check(_)));
        store.forget_gone(&key).unwrap();
        let left = || (store.read().unwrap().services.len(), store.read().unwrap().checks.len());
        let before = left();
        store.put(&[Record::gone(&key)]).unwrap();
        assert_eq!(left(), before);
        assert!(!store.is_of_file(&key));
        store.forget_gone(&key).unwrap();
        assert_eq!(left().0 + left().1, before.0 + before.1 - 1);
    }
}

#[test]
fn files_of_the_first_format_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let former = br#"{"format":1,"definition":{"id":"a","ttl":"10s"},"status":"passing","output":"x"}"#;
    fs::write(folder.path().join("checks").join(file_name("a")), former).unwrap();
    let newer = br#"{"format":3,"definition":{"id":"b"}}"#;
    fs::write(folder.path().join("checks").join(file_name("b")), newer).unwrap();
    let checks = store.read().unwrap().checks;
    assert_eq!(checks.len(), 1);
    assert_eq!((checks[0].origin, checks[0].gone), (Origin::Api, false));
    assert!(store.is_aside(&Key::Check("b".into())));
}
