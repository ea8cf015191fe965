//! A forced schedule: hold one actor at a place of the component until another one is past a second place.

use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::protocol::GateState;
use std::fmt;

/// The parameter that says which.
const PARAM: &str = "gate";

/// `params = { gate = "hand-over until flush" }`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GateRule {
    hold: String,
    until: String,
    holding: bool,
    held: u64,
    opened: u64,
    expired: u64,
}

impl GateRule {
    /// The rule of a trial, if it has one.
    pub(super) fn of(params: &Params) -> Result<Option<Self>, String> {
        let Some(value) = params.get(PARAM) else { return Ok(None) };
        let words: Vec<&str> = value.as_str().unwrap_or_default().split_whitespace().collect();
        match words[..] {
            [hold, "until", until] => {
                let (hold, until) = (hold.to_owned(), until.to_owned());
                Ok(Some(Self { hold, until, holding: false, held: 0, opened: 0, expired: 0 }))
            }
            _ => Err(format!("params.gate: {} is no rule such as \"hand-over until flush\"", quoted(value))),
        }
    }

    /// A new round: the name of the gate to arm.
    pub(super) fn hold(&mut self) -> String {
        self.holding = false;
        self.hold.clone()
    }

    /// Takes in what happened at a gate; returns the name of the one to open now.
    pub(super) fn heard(&mut self, name: &str, state: GateState) -> Option<String> {
        match state {
            GateState::Held if name == self.hold => {
                self.holding = true;
                self.held += 1;
            }
            GateState::Expired if name == self.hold => {
                self.holding = false;
                self.expired += 1;
            }
            GateState::Passed if name == self.until && self.holding => {
                self.holding = false;
                self.opened += 1;
                return Some(self.hold.clone());
            }
            GateState::Held | GateState::Expired | GateState::Passed => {}
        }
        None
    }
}

fn quoted(value: &ParamValue) -> String {
    format!("{:?}", value.to_string())
}

impl fmt::Display for GateRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hold, until, held, opened, expired, .. } = self;
        write!(
            f,
            "gate `{hold} until {until}`: held an actor {held} times, forced the schedule {opened}, gave up {expired}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Result<Option<GateRule>, String> {
        GateRule::of(&Params::from([(PARAM.to_owned(), ParamValue::String(text.to_owned()))]))
    }

    #[test]
    fn opens_when_the_other_is_past_and_only_while_one_is_held() {
        let mut rule = rule("a until b").unwrap().unwrap();
        assert_eq!(rule.hold(), "a");
        assert_eq!(rule.heard("b", GateState::Passed), None);
        assert_eq!(rule.heard("a", GateState::Held), None);
        assert_eq!(rule.heard("c", GateState::Passed), None);
        assert_eq!(rule.heard("b", GateState::Passed), Some("a".to_owned()));
        assert_eq!(rule.heard("b", GateState::Passed), None);
    }

    #[test]
    fn a_gate_that_gave_up_is_not_opened_again() {
        let mut rule = rule("a until b").unwrap().unwrap();
        rule.heard("a", GateState::Held);
        rule.heard("a", GateState::Expired);
        assert_eq!(rule.heard("b", GateState::Passed), None);
        assert!(rule.to_string().ends_with("held an actor 1 times, forced the schedule 0, gave up 1"));
    }

    #[test]
    fn says_what_a_rule_looks_like() {
        assert_eq!(GateRule::of(&Params::new()), Ok(None));
        assert!(rule("a b").unwrap_err().contains("hand-over until flush"));
    }
}
