//! Text with `{{ }}` in it, as Go writes templates: fields, functions and pipes. It reads no file and calls nobody. What
//! is not here (`if`, `range`, variables, `httpGet`) is refused when the template is read, not when a container starts.

use std::fmt;

use serde_json::Value;

use super::functions::{self, Function};

/// A template that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Pipeline(Pipeline),
}

/// The value of each stage is the last argument of the next.
#[derive(Clone, Debug, PartialEq)]
struct Pipeline(Vec<Stage>);

#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Value(Operand),
    Call(Function, Vec<Operand>),
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    /// `.Config.Hostname`; empty for the container itself.
    Field(Vec<String>),
    Literal(Value),
    Inner(Pipeline),
}

/// Why a template cannot be read, or gives nothing for a container.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template: {0}")]
pub struct TemplateError(pub(super) String);

fn refuse<T>(what: impl fmt::Display) -> Result<T, TemplateError> {
    Err(TemplateError(what.to_string()))
}

/// Deepest nesting of parentheses.
const DEPTH: usize = 16;

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Where it is none, or has something that is not here; the text says what.
    pub fn read(text: &str) -> Result<Self, TemplateError> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((before, behind)) = rest.split_once("{{") {
            let Some((inside, behind)) = behind.split_once("}}") else {
                return refuse(format_args!("{{{{ without }}}} in {text:?}"));
            };
            let (before, inside) = match inside.strip_prefix("- ") {
                Some(inside) => (before.trim_end(), inside),
                None => (before, inside),
            };
            let (behind, inside) = match inside.strip_suffix(" -") {
                Some(inside) => (behind.trim_start(), inside),
                None => (behind, inside),
            };
            pieces.push(Piece::Text(before.to_owned()));
            let mut words = Words { rest: inside, depth: 0 };
            pieces.push(Piece::Pipeline(words.pipeline(true)?));
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// The text for one container.
    ///
    /// # Errors
    /// Where a field is not there or a value is not of the sort that a function takes.
    pub fn render(&self, fields: &Value) -> Result<String, TemplateError> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Pipeline(pipeline) => text.push_str(&functions::text(&pipeline.value(fields)?)),
            }
        }
        Ok(text)
    }
}

impl Pipeline {
    fn value(&self, fields: &Value) -> Result<Value, TemplateError> {
        let mut given = None;
        for stage in &self.0 {
            given = Some(match stage {
                Stage::Value(operand) => operand.value(fields)?,
                Stage::Call(function, operands) => {
                    let arguments = operands.iter().map(|operand| operand.value(fields));
                    let mut arguments = arguments.collect::<Result<Vec<Value>, _>>()?;
                    arguments.extend(given);
                    function.call(&arguments)?
                }
            });
        }
        Ok(given.unwrap_or(Value::Null))
    }
}

impl Operand {
    fn value(&self, fields: &Value) -> Result<Value, TemplateError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Inner(pipeline) => pipeline.value(fields),
            Self::Field(path) => {
                let mut value = fields;
                for (depth, name) in path.iter().enumerate() {
                    value = match value.get(name) {
                        Some(inner) => inner,
                        // What the user names (labels, networks) may be missing; what the engine names may not.
                        None if depth >= 2 => &Value::Null,
                        None => return refuse(format_args!("there is no field .{}", path.join("."))),
                    };
                }
                Ok(value.clone())
            }
        }
    }
}

/// What is inside the braces and was not read yet.
struct Words<'t> {
    rest: &'t str,
    depth: usize,
}

impl Words<'_> {
    /// A pipeline, to the end or to the parenthesis that closes it.
    fn pipeline(&mut self, whole: bool) -> Result<Pipeline, TemplateError> {
        let mut stages = vec![self.stage(false)?];
        loop {
            self.rest = self.rest.trim_start();
            match (self.rest.chars().next(), whole) {
                (None, true) => return Ok(Pipeline(stages)),
                (Some(')'), false) => {
                    self.rest = &self.rest[1..];
                    return Ok(Pipeline(stages));
                }
                (Some('|'), _) => {
                    self.rest = &self.rest[1..];
                    stages.push(self.stage(true)?);
                }
                (None, false) => return refuse("a ( without its )"),
                (Some(_), _) => return refuse(format_args!("{:?} is not expected here", self.rest)),
            }
        }
    }

    fn stage(&mut self, piped: bool) -> Result<Stage, TemplateError> {
        self.rest = self.rest.trim_start();
        if !self.rest.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            let operand = self.operand()?;
            return match piped {
                false => Ok(Stage::Value(operand)),
                true => refuse("behind a | stands a function"),
            };
        }
        let name = self.word();
        if let "true" | "false" = name.as_str() {
            return Ok(Stage::Value(Operand::Literal(Value::Bool(name == "true"))));
        }
        let function = Function::named(&name)?;
        let mut operands = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.is_empty() || self.rest.starts_with(['|', ')']) {
                break;
            }
            operands.push(self.operand()?);
        }
        function.takes(operands.len() + usize::from(piped))?;
        Ok(Stage::Call(function, operands))
    }

    fn operand(&mut self) -> Result<Operand, TemplateError> {
        let rest = self.rest;
        match rest.chars().next() {
            Some('.') => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_'));
                let (path, behind) = rest.split_at(end.unwrap_or(rest.len()));
                self.rest = behind;
                let names = path.split('.').filter(|name| !name.is_empty());
                Ok(Operand::Field(names.map(str::to_owned).collect()))
            }
            Some('"') => {
                let mut read = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                let Some(Ok(text)) = read.next() else {
                    return refuse(format_args!("{rest} is no text in quotes"));
                };
                self.rest = &rest[read.byte_offset()..];
                Ok(Operand::Literal(Value::String(text)))
            }
            Some('`') => {
                let Some((text, behind)) = rest[1..].split_once('`') else {
                    return refuse(format_args!("{rest} has no second `"));
                };
                self.rest = behind;
                Ok(Operand::Literal(Value::from(text)))
            }
            Some('(') if self.depth < DEPTH => {
                self.rest = &rest[1..];
                self.depth += 1;
                let inner = self.pipeline(false)?;
                self.depth -= 1;
                Ok(Operand::Inner(inner))
            }
            Some(first) if first == '-' || first.is_ascii_digit() => {
                let text = self.word();
                match text.parse::<i64>() {
                    Ok(number) => Ok(Operand::Literal(Value::from(number))),
                    Err(_) => refuse(format_args!("{text} is no whole number")),
                }
            }
            _ => refuse(format_args!("{rest:?}: a field, a text, a number or a function stands here")),
        }
    }

    fn word(&mut self) -> String {
        let end = self.rest.find(|c: char| c.is_whitespace() || matches!(c, '|' | '(' | ')' | '"' | '`'));
        let (word, behind) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = behind;
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::container::tests::web;

    fn rendered(template: &str) -> Result<String, String> {
        let mut container = web();
        container.labels.insert("com.docker.compose.project".into(), "shop".into());
        container.env.insert("STAGE".into(), "test".into());
        let template = Template::read(template).map_err(|error| error.to_string())?;
        template.render(&container.fields()).map_err(|error| error.to_string())
    }

    #[test]
    fn fields_functions_and_pipes_are_understood() {
        for (template, expected) in [
            ("plain,tags", "plain,tags"),
            ("id={{ .ID }}", "id=0123456789abcdef0123"),
            ("{{ strSlice .ID 0 4 }}", "0123"),
            ("{{.Name | toUpper}}", "/WEB"),
            ("{{ index .Config.Labels \"com.docker.compose.project\" }}", "shop"),
            ("{{ mIndex `com.docker.compose.project` .Config.Labels }}x", "shopx"),
            ("{{ .Config.Labels.nothing }}", ""),
            ("{{ splitIndex -1 \"/\" .Config.Image }}", "nginx:1.25"),
            ("{{ .Config.Image | split \"/\" | sIndex 0 | replace -1 \":\" \"-\" }}", "registry-5000"),
            ("{{ join \"+\" (split \"/\" .Config.Image) }}", "registry:5000+team+nginx:1.25"),
            ("{{ matchFirstElement \"^STAGE=\" .Config.Env | splitIndex 1 \"=\" }}", "test"),
            ("a {{- toLower \"B\" -}} c", "abc"),
            ("{{ .NetworkSettings.Networks.bridge.IPAddress }}", "172.17.0.2"),
            ("{{ index (jsonParse \"{\\\"a\\\":[1,2]}\") \"a\" 1 }}", "2"),
            ("{{ len .ID }} {{ printf \"%s-%d\" .Name 3 }}", "20 /web-3"),
        ] {
            assert_eq!(rendered(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (template, words) in [
            ("{{ .ID", "{{ without }}"),
            ("{{ range .Config.Env }}", "range"),
            ("{{ httpGet \"http://x\" }}", "httpGet"),
            ("{{ nosuch 1 }}", "nosuch"),
            ("{{ .ID | .Name }}", "behind a |"),
            ("{{ toUpper }}", "toUpper takes 1"),
            ("{{ (toUpper .ID }}", "without its )"),
            ("{{ $x }}", "stands here"),
            ("{{ }}", "stands here"),
            ("{{ .Nosuch }}", "no field .Nosuch"),
            ("{{ matchFirstElement \"(\" .Config.Env }}", "regular expression"),
        ] {
            let error = rendered(template).unwrap_err();
            assert!(error.contains(words), "{template}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_judged(text in "[{}. |()\"`a-z0-9\\-]{0,40}") {
            if let Ok(template) = Template::read(&text) {
                let _ = template.render(&web().fields());
            }
        }
    }
}
