//! An expression as it was read: names and values are texts still.

/// What is asked of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    In,
    NotIn,
    Empty,
    NotEmpty,
    Matches,
    NotMatches,
}

impl Operator {
    /// Its name in a refusal.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Equal => "Equal",
            Self::NotEqual => "Not Equal",
            Self::In => "In",
            Self::NotIn => "Not In",
            Self::Empty => "Is Empty",
            Self::NotEmpty => "Is Not Empty",
            Self::Matches => "Matches",
            Self::NotMatches => "Not Matches",
        }
    }
}

/// One question about one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) selector: Vec<String>,
    pub(super) operator: Operator,
    pub(super) value: String,
}

/// A whole expression. `All` and `Any` are flat: a long chain is not a deep one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    Test(Test),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}
