//! The quick reader and the full parser read alike, and nothing makes either fall.

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{Name as FullName, RecordType};
use proptest::prelude::*;

use super::*;

fn packet(name: &str, kind: RecordType, edns: Option<u16>) -> Vec<u8> {
    let mut request = Message::query();
    request.add_query(Query::query(FullName::from_ascii(name).unwrap(), kind));
    if let Some(size) = edns {
        let mut theirs = hickory_proto::op::Edns::new();
        theirs.set_max_payload(size);
        theirs.set_dnssec_ok(size % 2 == 0);
        theirs.options_mut().insert(EdnsOption::Unknown(EdnsCode::Cookie.into(), vec![1; 8]));
        request.edns = Some(theirs);
    }
    request.to_vec().unwrap()
}

#[test]
fn a_response_is_never_read() {
    let mut packet = packet("web.service.consul.", RecordType::A, None);
    packet[2] |= 0x80;
    assert_eq!(plain(&packet), None);
    assert_eq!(full(&packet), Err(NoQuestion::Silent));
    assert_eq!(full(&packet[..11]), Err(NoQuestion::Silent));
}

#[test]
fn what_is_no_query_is_told_so() {
    let mut packet = packet("consul.", RecordType::SOA, None);
    packet[2] |= 4 << 3;
    assert_eq!(plain(&packet), None);
    let id = u16::from_be_bytes([packet[0], packet[1]]);
    assert_eq!(full(&packet), Err(NoQuestion::Say { id, opcode: 4, code: code::NOT_IMPLEMENTED }));
    let cut = &packet[..packet.len() - 2];
    assert_eq!(full(cut), Err(NoQuestion::Say { id, opcode: 4, code: code::FORMAT_ERROR }));
}

#[test]
fn a_pointer_in_the_question_is_not_plain() {
    let mut packet = packet("a.", RecordType::A, None);
    packet.splice(HEAD..HEAD + 3, [0xc0, 0x0c]);
    assert_eq!(plain(&packet), None);
    assert!(matches!(full(&packet), Err(NoQuestion::Say { .. })), "it points to itself");
}

#[test]
fn a_subnet_is_taken_where_it_can_be_one() {
    let with = |value: &[u8]| {
        let mut packet = packet("web.service.consul.", RecordType::A, None);
        packet[11] = 1;
        let length = u8::try_from(value.len()).unwrap();
        packet.extend([0, 0, 41, 16, 0, 0, 0, 0, 0, 0, length + 4, 0, 8, 0, length]);
        packet.extend(value);
        packet
    };
    let value = [0, 1, 24, 0, 1, 2, 3];
    assert_eq!(plain(&with(&value)).unwrap().subnet.as_deref(), Some(&value[..]));
    assert_eq!(plain(&with(&[0, 1, 24])).unwrap().subnet, None);
    assert_eq!(plain(&with(&[0; 21])).unwrap().subnet, None);
    let whole = with(&value);
    assert_eq!(plain(&whole[..whole.len() - 1]), None);
}

proptest! {
    #[test]
    fn both_readers_agree(
        name in "[a-zA-Z0-9_]{1,63}(\\.[a-zA-Z0-9_]{1,20}){0,6}\\.",
        kind: u16,
        edns: Option<u16>,
    ) {
        let packet = packet(&name, RecordType::from(kind), edns);
        let whole = full(&packet).unwrap();
        if let Some(quick) = plain(&packet) {
            // The full parser knows no size below 512, and this room treats them alike.
            let least = |asked: &Asked<'_>| {
                let mut asked = asked.clone();
                if let Some(edns) = &mut asked.edns {
                    edns.size = edns.size.max(512);
                }
                format!("{asked:?}")
            };
            prop_assert_eq!(least(&quick), least(&whole));
        } else {
            prop_assert!(false, "a plain question was not read");
        }
    }

    #[test]
    fn any_bytes_are_read_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = plain(&bytes);
        let _ = full(&bytes);
    }

    #[test]
    fn a_damaged_question_is_read_alike_or_left(at: usize, byte: u8, edns: Option<u16>) {
        let mut packet = packet("_web._tcp.Service.consul.", RecordType::SRV, edns);
        let at = at % packet.len();
        packet[at] = byte;
        if let Some(quick) = plain(&packet)
            && let Ok(whole) = full(&packet)
        {
            prop_assert_eq!((quick.name, quick.kind, quick.class), (whole.name, whole.kind, whole.class));
        }
    }

    #[test]
    fn a_part_of_a_question_is_never_plain(length: usize, edns: Option<u16>) {
        let packet = packet("web.service.consul.", RecordType::A, edns);
        prop_assert_eq!(plain(&packet[..length % packet.len()]), None);
    }
}
