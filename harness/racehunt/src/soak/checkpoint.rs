//! What a soak has come to so far, in a file that is whole at any moment.

use crate::environment::build;
use crate::output::{complain, write};
use crate::{Failure, args};
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::scenario::{Scenario, Timespan};
use racehunt_reports::model::Soak;
use racehunt_reports::words::{counted, span};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Version of the file.
const SCHEMA: u32 = 1;
const NAME: &str = "soak.json";

/// All that is needed to go on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    schema: u32,
    /// What is soaked: its name, and a digest of all that it says.
    scenario: String,
    digest: String,
    /// What soaks it.
    build: String,
    pub(super) seed: u64,
    /// RFC 3339.
    pub(super) started: String,
    pub(super) soak: Soak,
    /// The sum of the legs of each trial that had one.
    pub(super) outcomes: Vec<TrialOutcome>,
}

impl Checkpoint {
    /// The soak that is to be resumed, or a new one.
    pub(super) fn take_up(args: &args::Soak, folder: &Path, scenario: &Scenario) -> Result<Self, Failure> {
        let path = folder.join(NAME);
        let mut fresh = Self::new(args, scenario)?;
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => {
                if args.resume {
                    complain(&format!("{}: there is no soak to resume; this is its first leg", path.display()));
                }
                return Ok(fresh);
            }
            Err(e) => return Err(Failure::harness(path.display().to_string())(e)),
        };
        let refuse = |why: &str| Failure::Usage(format!("error: {}: {why}", path.display()));
        let stored: Result<Self, _> = serde_json::from_str(&text);
        if !args.resume {
            let done = |soak: &Soak| format!("{} in {}", counted(soak.legs, "leg"), span(soak.elapsed_ns));
            return match &stored {
                Ok(old) if old.soak.ended.is_none() && old.soak.legs > 0 => Err(refuse(&format!(
                    "here is a soak that has not ended ({}): go on with --resume, or remove the file",
                    done(&old.soak)
                ))),
                _ => Ok(fresh),
            };
        }
        let mut old = stored.map_err(|e| refuse(&format!("not a soak that this program can resume: {e}")))?;
        old.fits(&fresh, args).map_err(|why| refuse(&why))?;
        old.soak.resumed += 1;
        old.soak.ended = None;
        (old.soak.planned_ns, old.soak.planned_legs) = (fresh.soak.planned_ns.take(), fresh.soak.planned_legs);
        Ok(old)
    }

    fn new(args: &args::Soak, scenario: &Scenario) -> Result<Self, Failure> {
        let said = serde_json::to_string(scenario).map_err(|e| Failure::harness("the scenario")(e.into()))?;
        Ok(Self {
            schema: SCHEMA,
            scenario: scenario.name.clone(),
            digest: format!("{:08x}-{}", crc32fast::hash(said.as_bytes()), said.len()),
            build: build().map_err(Failure::harness("this program"))?,
            seed: args.seed.unwrap_or(1),
            started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            soak: Soak {
                leg_ns: args.leg.nanos(),
                planned_ns: args.time.map(Timespan::nanos),
                planned_legs: args.legs,
                ..Soak::default()
            },
            outcomes: Vec::new(),
        })
    }

    /// What keeps this soak from being gone on with as `asked`: sums of unlike things mean nothing.
    fn fits(&self, asked: &Self, args: &args::Soak) -> Result<(), String> {
        if self.schema != asked.schema {
            return Err(format!("it has version {}, and this program writes {SCHEMA}", self.schema));
        }
        if self.scenario != asked.scenario {
            return Err(format!("it is a soak of \"{}\", not of \"{}\"", self.scenario, asked.scenario));
        }
        if self.digest != asked.digest {
            return Err(format!("\"{}\" is not what it was when the soak began", self.scenario));
        }
        if self.build != asked.build {
            return Err(format!("it was begun by another build, {}; this one is {}", self.build, asked.build));
        }
        if self.soak.leg_ns != asked.soak.leg_ns {
            return Err(format!("its legs are {} long; say --leg {0}", span_of(self.soak.leg_ns)));
        }
        match args.seed {
            Some(seed) if seed != self.seed => Err(format!("it has the seed {}, not {seed}", self.seed)),
            _ => Ok(()),
        }
    }

    /// Writes it beside the one before, syncs and renames: from then on it counts.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string(self).map_err(|e| Failure::harness(NAME)(e.into()))?;
        write(&folder.join(NAME), text.as_bytes())
    }
}

/// As `--leg` takes it.
fn span_of(ns: u64) -> String {
    Timespan::new(Duration::from_nanos(ns)).map_or_else(String::new, |span| span.to_string())
}
