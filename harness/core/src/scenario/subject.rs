//! `[subject]`: what is under test.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::param::ParamValue;
use super::sweep::Sweep;
use super::text::{is_plain_name, quoted};
use super::walk::{Node, Section};

/// The variant of a command that names none: there is one, and trials need a word for it.
const ONLY_VARIANT: &str = "default";

/// The component under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SubjectSpec {
    /// Where it comes from.
    #[serde(flatten)]
    pub source: SubjectSource,
    /// Which implementation; a list runs each. Default: none for a named subject, `"default"` for a command.
    #[serde(default = "default_variant")]
    pub variant: Sweep<String>,
    /// Parameters by name; a list runs each value. Default: what the subject assumes. Looked at when an
    /// object is made, so a parameter cannot change during a trial.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Sweep<ParamValue>>,
}

/// Where a subject comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SubjectSource {
    /// A subject that is linked in, by name.
    #[serde(rename = "name")]
    Name(String),
    /// A program that speaks the worker protocol, with its arguments. Relative paths are kept as written
    /// and mean what they mean where racehunt is started.
    #[serde(rename = "command")]
    Command(Vec<String>),
}

impl SubjectSpec {
    /// The name by which trials and reports call the subject: its own, or that of the command's script.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.source {
            SubjectSource::Name(name) => name.clone(),
            SubjectSource::Command(command) => command_label(command),
        }
    }

    /// The program and its arguments, if the subject is a command.
    #[must_use]
    pub fn command(&self) -> Option<&[String]> {
        match &self.source {
            SubjectSource::Name(_) => None,
            SubjectSource::Command(command) => Some(command),
        }
    }

    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        let mut section = node.section()?;
        let source = read_source(&mut section);
        let by_name = section.has("name") || !section.has("command");
        section.know("variant");
        let variant = match (by_name, section.has("variant")) {
            (false, false) => Some(default_variant()),
            (true, _) => section.require("variant", "variant = \"as-shipped\"", read_variants),
            (false, true) => section.get("variant", read_variants),
        };
        let params = section.get("params", read_params).unwrap_or_default();
        section.finish();
        Some(Self { source: source?, variant: variant?, params })
    }
}

fn default_variant() -> Sweep<String> {
    Sweep::one(ONLY_VARIANT.to_owned())
}

fn read_source(section: &mut Section<'_>) -> Option<SubjectSource> {
    let name = section.get("name", |node| read_name(node, "a subject's name such as \"metrics-buffer\""));
    let command = section.get("command", read_command);
    match (section.has("name"), section.has("command")) {
        (true, true) => {
            section.forbid("command", "cannot stand beside `name`", "keep one: a subject is linked in or is a program");
            None
        }
        (false, false) => {
            section.fail(
                "missing key `name` or `command` in `[subject]`",
                "add `name = \"metrics-buffer\"` for a subject that is linked in, or `command = [\"python3\", \"adapter.py\"]`",
            );
            None
        }
        (true, false) => name.map(SubjectSource::Name),
        (false, true) => command.map(SubjectSource::Command),
    }
}

/// A name that may stand in a trial's id.
pub(super) fn read_name(node: &Node<'_>, what: &str) -> Option<String> {
    let name = node.string(what)?;
    if !is_plain_name(&name) {
        node.fail(format!("{} is no name", quoted(&name)), "letters, digits, `-`, `_` and `.`");
        return None;
    }
    Some(name)
}

fn read_command(node: &Node<'_>) -> Option<Vec<String>> {
    let command = node.each("a list of texts such as [\"python3\", \"adapter.py\"]", |word| {
        word.parsed("text", |text| Ok(text.to_owned()))
    })?;
    if command[0].trim().is_empty() {
        node.fail("the program in `command` is empty", "the first text is the program to start");
        return None;
    }
    Some(command)
}

fn read_variants(node: &Node<'_>) -> Option<Sweep<String>> {
    node.sweep(|node| read_name(node, "a variant's name such as \"as-shipped\""))
}

fn read_params(node: &Node<'_>) -> Option<BTreeMap<String, Sweep<ParamValue>>> {
    let mut params = BTreeMap::new();
    let mut whole = true;
    for (name, value) in node.entries("parameters such as { metrics = 4 }")? {
        if name.contains('.') || !is_plain_name(&name) {
            value.fail_key(format!("{} is no parameter's name", quoted(&name)), "letters, digits, `-` and `_`");
            whole = false;
        }
        match value.sweep(ParamValue::read) {
            Some(sweep) if is_mixed(&sweep) => {
                // 1 and "1" would be two trials with one name.
                value.fail(format!("{} mixes types", value.title()), "all values of a sweep are of one type");
                whole = false;
            }
            Some(sweep) => _ = params.insert(name, sweep),
            None => whole = false,
        }
    }
    whole.then_some(params)
}

fn is_mixed(sweep: &Sweep<ParamValue>) -> bool {
    sweep.values().windows(2).any(|pair| pair[0].kind() != pair[1].kind())
}

/// The stem of the script in a command, or else of the program.
fn command_label(command: &[String]) -> String {
    let script = command.iter().skip(1).find(|word| !word.starts_with('-') && word.contains(['/', '.']));
    let word = script.or(command.first()).map_or("command", String::as_str);
    let file = word.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("command");
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let label: String = stem.chars().map(|c| if is_plain_name(&c.to_string()) { c } else { '-' }).collect();
    if label.is_empty() { "command".to_owned() } else { label }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_called_after_its_script() {
        for (command, label) in [
            (vec!["python3", "adapters/python/arroyo_adapter.py"], "arroyo_adapter"),
            (vec!["node", "--expose-gc", "./adapter.js", "--mode", "a.b"], "adapter"),
            (vec!["/usr/bin/worker"], "worker"),
            (vec!["worker", "fast"], "worker"),
            (vec!["/"], "command"),
            (vec!["ä b.py"], "--b"),
        ] {
            let command: Vec<String> = command.into_iter().map(str::to_owned).collect();
            assert_eq!(command_label(&command), label, "{command:?}");
        }
    }
}
