//! A bound expression and a record: yes or no. Cannot fail and allocates nothing.

use regex::Regex;

use super::ast::Operator;
use super::{Leaf, Record, pattern};

/// An expression that fits the fields of its endpoint.
#[derive(Debug)]
pub struct Filter(pub(super) Bound);

#[derive(Debug)]
pub(super) enum Bound {
    Question(Question),
    Not(Box<Bound>),
    All(Vec<Bound>),
    Any(Vec<Bound>),
}

/// What a field is held against.
#[derive(Debug)]
pub(super) enum Operand {
    None,
    Text(String),
    Number(i64),
    Flag(bool),
    Pattern(Regex),
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) path: Vec<Box<str>>,
    pub(super) operator: Operator,
    pub(super) operand: Operand,
}

impl Filter {
    /// Whether `record` is one of those that were asked for.
    #[must_use]
    pub fn takes(&self, record: &dyn Record) -> bool {
        self.0.holds(record)
    }

    /// The most bytes that its patterns may come to hold, besides what its text would take.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.0.patterns() * pattern::LARGEST
    }
}

impl Bound {
    fn patterns(&self) -> usize {
        match self {
            Self::Question(question) => usize::from(matches!(question.operand, Operand::Pattern(_))),
            Self::Not(inner) => inner.patterns(),
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::patterns).sum(),
        }
    }

    fn holds(&self, record: &dyn Record) -> bool {
        match self {
            Self::Question(question) => record.show(&question.path, &mut |leaf| question.holds(leaf)),
            Self::Not(inner) => !inner.holds(record),
            Self::All(parts) => parts.iter().all(|part| part.holds(record)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(record)),
        }
    }
}

impl Question {
    fn holds(&self, leaf: Leaf<'_>) -> bool {
        if matches!(leaf, Leaf::Missing) {
            // A key that is not there equals nothing and holds nothing; Consul lets any pattern match it.
            return !matches!(self.operator, Operator::Equal | Operator::In | Operator::NotEmpty);
        }
        match self.operator {
            Operator::Equal => self.equals(leaf),
            Operator::NotEqual => !self.equals(leaf),
            Operator::In => self.is_in(leaf),
            Operator::NotIn => !self.is_in(leaf),
            Operator::Empty => empty(leaf),
            Operator::NotEmpty => !empty(leaf),
            Operator::Matches => self.matches(leaf),
            Operator::NotMatches => !self.matches(leaf),
        }
    }

    fn equals(&self, leaf: Leaf<'_>) -> bool {
        match (leaf, &self.operand) {
            (Leaf::Text(own), Operand::Text(asked)) => own == asked,
            (Leaf::Number(own), Operand::Number(asked)) => own == *asked,
            (Leaf::Flag(own), Operand::Flag(asked)) => own == *asked,
            _ => false,
        }
    }

    fn is_in(&self, leaf: Leaf<'_>) -> bool {
        match (leaf, &self.operand) {
            (Leaf::Text(own), Operand::Text(asked)) => own.contains(asked.as_str()),
            (Leaf::Many(own), Operand::Text(asked)) => own.has(asked),
            _ => false,
        }
    }

    fn matches(&self, leaf: Leaf<'_>) -> bool {
        match (leaf, &self.operand) {
            (Leaf::Text(own), Operand::Pattern(pattern)) => pattern.is_match(own),
            _ => false,
        }
    }
}

fn empty(leaf: Leaf<'_>) -> bool {
    match leaf {
        Leaf::Many(own) => own.none(),
        Leaf::Count(count) => count == 0,
        Leaf::Text(own) => own.is_empty(),
        Leaf::Number(_) | Leaf::Flag(_) | Leaf::Missing => false,
    }
}
