//! How fields are laid out in a line.

use super::fields::FieldSpec;
use super::unknown;
use crate::framing;
use parse::counted::Counted;
use parse::program::{Key, KeyValue, Keys, Layout, Line, Pattern, Syntax};
use pyo3::prelude::*;
use std::collections::HashMap;

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct LayoutSpec {
    layout: String,
    lines: Vec<LineSpec>,
    /// One dictionary a node: the field with its rank, the node below, the bit of a telling name.
    keys: Vec<HashMap<Vec<u8>, KeySpec>>,
    normalized_keys: bool,
    required: Vec<Vec<usize>>,
    told_by: u32,
    pattern: Option<String>,
    /// The field of each named group.
    groups: Vec<(String, usize)>,
}

pub type KeySpec = (Option<(usize, u16)>, Option<usize>, u64);

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct LineSpec {
    prefix: Vec<u8>,
    first: usize,
    end: usize,
    ignore_rest: bool,
    /// Separators, least number of values, whether there may be more, whether they are quoted.
    counted: Option<(Vec<u8>, usize, bool, bool)>,
}

/// Known names as a tree. Arguments: the nodes; the number of fields there are.
pub fn key_tree(
    nodes: Vec<HashMap<Vec<u8>, KeySpec>>,
    normalized_keys: bool,
    fields: usize,
) -> PyResult<Keys> {
    let most = nodes.len().max(1);
    let key = |(name, (value, names, telling)): (Vec<u8>, KeySpec)| {
        if value.is_some_and(|(field, _)| field >= fields) || names.is_some_and(|n| n >= most) {
            return Err(unknown("key", &String::from_utf8_lossy(&name)));
        }
        Ok((
            name,
            Key {
                value,
                names,
                telling,
            },
        ))
    };
    let mut tree = nodes
        .into_iter()
        .map(|node| node.into_iter().map(key).collect())
        .collect::<PyResult<Vec<_>>>()?;
    tree.resize_with(most, HashMap::new);
    Ok(Keys {
        nodes: tree,
        normalized: normalized_keys,
    })
}

impl LayoutSpec {
    /// Arguments: the fields of the program.
    pub fn compile(self, fields: &[FieldSpec]) -> PyResult<Layout> {
        let syntax = match self.layout.as_str() {
            "positional" => return self.compile_lines(fields),
            "regex" => return self.compile_pattern(fields.len()),
            "json" => Syntax::Json,
            "logfmt" => Syntax::Logfmt,
            "ltsv" => Syntax::Ltsv,
            other => return Err(unknown("layout", other)),
        };
        let fields = fields.len();
        if let Some(wrong) = self.required.iter().flatten().find(|&&f| f >= fields) {
            return Err(unknown("required field", &wrong.to_string()));
        }
        Ok(Layout::KeyValue(KeyValue {
            syntax,
            keys: key_tree(self.keys, self.normalized_keys, fields)?,
            required: self.required,
            told_by: self.told_by,
        }))
    }

    fn compile_pattern(self, fields: usize) -> PyResult<Layout> {
        let regex = framing::regex(&self.pattern.unwrap_or_default())?;
        let groups = self.groups.into_iter().map(|(name, field)| {
            let found = regex.capture_names().position(|n| n == Some(&name));
            match found {
                Some(group) if field < fields => Ok((group, field)),
                _ => Err(unknown("group", &name)),
            }
        });
        let groups = groups.collect::<PyResult<_>>()?;
        Ok(Layout::Pattern(Pattern { regex, groups }))
    }

    fn compile_lines(self, fields: &[FieldSpec]) -> PyResult<Layout> {
        let lines = self.lines.into_iter().map(|line| {
            let Some(own) = fields.get(line.first..line.end) else {
                return Err(unknown("fields of a line", &line.end.to_string()));
            };
            let unmarked = |field: &FieldSpec| field.greedy && field.kind == "request";
            Ok(Line {
                unmarked_request: own.iter().any(unmarked),
                prefix: line.prefix,
                fields: line.first..line.end,
                ignore_rest: line.ignore_rest,
                counted: line
                    .counted
                    .map(|(separators, least, open, quotes)| Counted {
                        separators,
                        least,
                        open,
                        quotes,
                    }),
            })
        });
        Ok(Layout::Positional(lines.collect::<PyResult<_>>()?))
    }
}
