//! The settings under `[subject] params`, read once.

use super::probe::Does;
use crate::params::{all_known, choice, whole, wrong};
use racehunt_core::plan::{ParamValue, Params};
use racehunt_core::subject::{ParamSpec, SubjectError};

/// All settings of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) prefill: u32,
    pub(super) handler: Does,
    pub(super) audit: u32,
    pub(super) details: u32,
    pub(super) crowd: u32,
}

const HANDLERS: [(&str, Does); 7] = [
    ("plain", Does::Plain),
    ("fails", Does::Fails),
    ("emits", Does::Emits),
    ("unsubscribes", Does::Unsubscribes),
    ("subscribes", Does::Subscribes),
    ("waits", Does::Waits),
    ("app-lock", Does::AppLock),
];

/// The settings there are, for `racehunt show`.
pub(super) fn specs() -> Vec<ParamSpec> {
    let spec = |name, about, default, choices| ParamSpec { name, about, default, choices };
    vec![
        spec("prefill", "handlers of topic 0 before the actors start, 0 to 16", ParamValue::Integer(0), &[]),
        spec(
            "handler",
            "what the first of the `prefill` does, the others are plain: it fails; it emits an event of the same topic for \
             each that no handler emitted; it takes itself out, or registers a plain one, when it is called first; it \
             waits for a `release`; it takes the lock that `subscribe-locked` holds",
            ParamValue::String("plain".to_owned()),
            &["plain", "fails", "emits", "unsubscribes", "subscribes", "waits", "app-lock"],
        ),
        spec("audit", "bound of the audit log, 1 to 100000", ParamValue::Integer(1_000), &[]),
        spec(
            "details",
            "details in the application's map, which its events share; 0 is no map, at most 16",
            ParamValue::Integer(0),
            &[],
        ),
        spec(
            "crowd",
            "undelivered events of a handler above which emitters of hardened stand by, 0 to 100000",
            ParamValue::Integer(64),
            &[],
        ),
    ]
}

impl Settings {
    /// Reads `params`; what they leave out has its default.
    pub(super) fn read(params: &Params) -> Result<Self, SubjectError> {
        all_known(params, "event-bus", &specs())?;
        let settings = Self {
            prefill: whole(params, "prefill", 0, 0, 16)? as u32,
            handler: choice(params, "handler", &HANDLERS)?,
            audit: whole(params, "audit", 1_000, 1, 100_000)? as u32,
            details: whole(params, "details", 0, 0, 16)? as u32,
            crowd: whole(params, "crowd", 64, 0, 100_000)? as u32,
        };
        if settings.handler != Does::Plain && settings.prefill == 0 {
            let message = "the first of the prefilled handlers does it, and there is none: set prefill = 1 or more";
            return Err(wrong("handler", message.to_owned()));
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, ParamValue)]) -> Result<Settings, String> {
        let params = pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        Settings::read(&params).map_err(|error| error.to_string())
    }

    #[test]
    fn silence_means_the_defaults_that_are_shown() {
        let shown: Vec<(&str, ParamValue)> = specs().into_iter().map(|spec| (spec.name, spec.default)).collect();
        assert_eq!(read(&[]), read(&shown));
    }

    #[test]
    fn what_has_no_meaning_is_refused_by_name() {
        let text = |value: &str| ParamValue::String(value.to_owned());
        let refused = |pairs: &[(&str, ParamValue)]| read(pairs).unwrap_err();
        assert!(refused(&[("handlers", text("plain"))]).starts_with("params.handlers: event-bus has no"));
        assert!(refused(&[("handler", text("emit"))]).contains("\"emits\""));
        assert!(refused(&[("handler", text("emits"))]).contains("prefill = 1"));
        assert!(refused(&[("audit", ParamValue::Integer(0))]).contains("1 to 100000"));
        assert!(read(&[("handler", text("emits")), ("prefill", ParamValue::Integer(1))]).is_ok());
    }

    #[test]
    fn every_choice_is_shown() {
        let choices = specs().into_iter().find(|spec| spec.name == "handler").map(|spec| spec.choices.to_vec());
        assert_eq!(choices, Some(HANDLERS.iter().map(|(name, _)| *name).collect()));
    }
}
