//! Which fields a filter may name, endpoint by endpoint, as recorded from Consul 1.8.7. What an answer shows
//! is more: indexes, durations and a check's definition cannot be asked for.

/// What stands behind a name.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// A list of texts.
    Texts,
    /// A map; its keys may be named as if they were fields.
    Map(&'static Field),
    /// A record.
    Record(Fields),
    /// A list of records: a test of a field holds if it holds for any of them.
    Records(Fields),
}

/// Fields by their names.
pub type Fields = &'static [(&'static str, Field)];

use Field::{Flag, Map, Number, Record, Records, Text, Texts};

const TEXT_MAP: Field = Map(&Text);

/// A node.
pub const NODE: Fields = &[
    ("ID", Text),
    ("Node", Text),
    ("Address", Text),
    ("Datacenter", Text),
    ("TaggedAddresses", TEXT_MAP),
    ("Meta", TEXT_MAP),
];

const ADDRESSES: Field = Map(&Record(&[("Address", Text), ("Port", Number)]));
const WEIGHTS: Field = Record(&[("Passing", Number), ("Warning", Number)]);
const MESH_GATEWAY: Field = Record(&[("Mode", Text)]);

/// A proxy's block.
pub const PROXY: Field = Record(&[
    ("DestinationServiceName", Text),
    ("DestinationServiceID", Text),
    ("LocalServiceAddress", Text),
    ("LocalServicePort", Number),
    (
        "Upstreams",
        Records(&[
            ("DestinationType", Text),
            ("DestinationNamespace", Text),
            ("DestinationName", Text),
            ("Datacenter", Text),
            ("LocalBindAddress", Text),
            ("LocalBindPort", Number),
            ("MeshGateway", MESH_GATEWAY),
        ]),
    ),
    ("MeshGateway", MESH_GATEWAY),
    (
        "Expose",
        Record(&[
            ("Checks", Flag),
            (
                "Paths",
                Records(&[
                    ("ListenerPort", Number),
                    ("Path", Text),
                    ("LocalPathPort", Number),
                    ("Protocol", Text),
                    ("ParsedFromCheck", Flag),
                ]),
            ),
        ]),
    ),
]);

/// An instance's connect block.
pub const CONNECT: Field = Record(&[("Native", Flag)]);

/// An instance on its node.
pub const SERVICE: Fields = &[
    ("Kind", Text),
    ("ID", Text),
    ("Service", Text),
    ("Tags", Texts),
    ("Address", Text),
    ("TaggedAddresses", ADDRESSES),
    ("Meta", TEXT_MAP),
    ("Port", Number),
    ("Weights", WEIGHTS),
    ("EnableTagOverride", Flag),
    ("Proxy", PROXY),
    ("Connect", CONNECT),
];

/// An instance and its node in one flat record.
pub const FLAT: Fields = &[
    ("ID", Text),
    ("Node", Text),
    ("Address", Text),
    ("Datacenter", Text),
    ("TaggedAddresses", TEXT_MAP),
    ("NodeMeta", TEXT_MAP),
    ("ServiceKind", Text),
    ("ServiceID", Text),
    ("ServiceName", Text),
    ("ServiceTags", Texts),
    ("ServiceAddress", Text),
    ("ServiceTaggedAddresses", ADDRESSES),
    ("ServiceMeta", TEXT_MAP),
    ("ServicePort", Number),
    ("ServiceWeights", WEIGHTS),
    ("ServiceEnableTagOverride", Flag),
    ("ServiceProxy", PROXY),
    ("ServiceConnect", CONNECT),
];

/// A check.
pub const CHECK: Fields = &[
    ("Node", Text),
    ("CheckID", Text),
    ("Name", Text),
    ("Status", Text),
    ("Notes", Text),
    ("Output", Text),
    ("ServiceID", Text),
    ("ServiceName", Text),
    ("ServiceTags", Texts),
    ("Type", Text),
];

/// An instance with its node and its checks.
pub const INSTANCE: Fields =
    &[("Node", Record(NODE)), ("Service", Record(SERVICE)), ("Checks", Records(CHECK))];
