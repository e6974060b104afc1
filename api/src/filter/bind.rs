//! An expression against the fields of a record: every name is found, every value has the field's kind, every
//! pattern is compiled, so that asking a record cannot fail.

use super::ast::{Expression, Operator, Test};
use super::evaluate::{Bound, Filter, Operand, Question};
use super::fields::{Field, Fields};
use super::{literal, pattern};

/// Binds `expression` to `fields`; the first thing that does not fit is the refusal.
pub(super) fn bind(expression: &Expression, fields: Fields) -> Result<Filter, String> {
    Ok(Filter(bound(expression, fields)?))
}

fn bound(expression: &Expression, fields: Fields) -> Result<Bound, String> {
    let each = |parts: &[Expression]| {
        parts.iter().map(|part| bound(part, fields)).collect::<Result<Vec<_>, String>>()
    };
    Ok(match expression {
        Expression::Test(test) => Bound::Question(question(test, fields)?),
        Expression::Not(inner) => Bound::Not(Box::new(bound(inner, fields)?)),
        Expression::All(parts) => Bound::All(each(parts)?),
        Expression::Any(parts) => Bound::Any(each(parts)?),
    })
}

fn question(test: &Test, fields: Fields) -> Result<Question, String> {
    let field = find(&test.selector, fields)?;
    let selector = test.selector.join(".");
    if !takes(field, test.operator) {
        return Err(format!("Invalid match operator {:?} for selector {selector:?}", test.operator.name()));
    }
    let coerced =
        |why: String| format!("Failed to coerce value {:?} for selector {selector:?}: {why}", test.value);
    let operand = match (test.operator, field) {
        (Operator::Empty | Operator::NotEmpty, _) => Operand::None,
        (Operator::Matches | Operator::NotMatches, _) => Operand::Pattern(
            pattern::compile(&test.value)
                .map_err(|why| format!("Failed to compile regular expression {:?}: {why}", test.value))?,
        ),
        (_, Field::Number) => Operand::Number(literal::number(&test.value).map_err(coerced)?),
        (_, Field::Flag) => Operand::Flag(literal::flag(&test.value).map_err(coerced)?),
        _ => Operand::Text(test.value.clone()),
    };
    let path = test.selector.iter().map(|part| part.as_str().into()).collect();
    Ok(Question { path, operator: test.operator, operand })
}

/// The field that a selector names.
fn find(selector: &[String], fields: Fields) -> Result<Field, String> {
    let mut here = Field::Record(fields);
    for (at, part) in selector.iter().enumerate() {
        let next = match here {
            Field::Record(fields) | Field::Records(fields) => {
                fields.iter().find(|(name, _)| name == part).map(|(_, field)| *field)
            }
            Field::Map(values) => Some(*values),
            Field::Text | Field::Number | Field::Flag | Field::Texts => None,
        };
        here = next.ok_or_else(|| {
            let known = selector.get(..=at).unwrap_or(selector).join(".");
            format!("Selector {known:?} is not valid")
        })?;
    }
    Ok(here)
}

fn takes(field: Field, operator: Operator) -> bool {
    use Operator::{Empty, Equal, In, Matches, NotEmpty, NotEqual, NotIn, NotMatches};
    match field {
        Field::Text => matches!(operator, Equal | NotEqual | In | NotIn | Matches | NotMatches),
        Field::Number | Field::Flag => matches!(operator, Equal | NotEqual),
        Field::Texts | Field::Map(_) => matches!(operator, In | NotIn | Empty | NotEmpty),
        Field::Records(_) => matches!(operator, Empty | NotEmpty),
        Field::Record(_) => false,
    }
}
