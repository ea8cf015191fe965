//! Which part of a run this is: as the command line says, or, if it asks for that, what started the program.
//!
//! Systems that start many tasks count them in different ways, and some of what they count is no partition at all. Whatever
//! is not certain is an error: a wrong number would leave trials out.

use crate::Failure;
use racehunt_core::plan::Part;
use std::str::FromStr;

/// `--partition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `3/16`.
    This(Part),
    /// `auto` or `auto/16`.
    Auto(Option<u32>),
}

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("auto") else { return part(text).map(Self::This) };
        if rest.is_empty() {
            return Ok(Self::Auto(None));
        }
        let of = rest.strip_prefix('/').and_then(|of| of.parse().ok()).filter(|of| Part::new(1, *of).is_some());
        of.map(|of| Self::Auto(Some(of))).ok_or_else(|| format!("auto/N has a number of parts, 1 to {}", Part::MOST))
    }
}

fn part(text: &str) -> Result<Part, String> {
    let numbers = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    let part = numbers.and_then(|(index, of)| Part::new(index, of));
    part.ok_or_else(|| "K/N is a number from 1 to N, such as 3/16; or say auto".to_owned())
}

/// The value of a variable of the environment, if it is set.
type Look<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a system says, and which it is.
type Said = (&'static str, Part);

impl Asked {
    /// The part that is meant. `look` reads the environment.
    ///
    /// # Errors
    /// If it is left to the environment, and that says nothing, too little, or not one thing.
    pub(crate) fn resolve(self, look: Look<'_>) -> Result<Part, Failure> {
        match self {
            Self::This(part) => Ok(part),
            Self::Auto(of) => auto(of, look).map_err(|why| Failure::Usage(format!("error: --partition auto: {why}"))),
        }
    }
}

const NOBODY: &str = "none of these is set: RACEHUNT_PARTITION, SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, \
                      CI_NODE_INDEX, BUILDKITE_PARALLEL_JOB; say which part it is, as in --partition 3/16";

fn auto(of: Option<u32>, look: Look<'_>) -> Result<Part, String> {
    let agreed = |(name, part): Said| match of {
        Some(of) if of != part.of() => Err(format!("{name} says {part}, which is not one of {of}")),
        _ => Ok(part),
    };
    // Said for this very purpose, so it outweighs what the others say.
    if let Some(said) = own(look)? {
        return agreed(said);
    }
    let said = [slurm(look)?, kubernetes(of, look)?, gitlab(look)?, buildkite(look)?];
    let said: Vec<Said> = said.into_iter().flatten().collect();
    match said.as_slice() {
        [] => Err(NOBODY.to_owned()),
        [(one, a), rest @ ..] => match rest.iter().find(|(_, b)| a != b) {
            Some((other, b)) => Err(format!("{one} says {a}, and {other} says {b}; set RACEHUNT_PARTITION")),
            None => agreed((one, *a)),
        },
    }
}

fn own(look: Look<'_>) -> Result<Option<Said>, String> {
    const NAME: &str = "RACEHUNT_PARTITION";
    match look(NAME).filter(|value| !value.is_empty()) {
        None => Ok(None),
        Some(value) => match part(&value) {
            Ok(part) => Ok(Some((NAME, part))),
            Err(_) => Err(format!("{NAME} is {value:?}, which is not K/N, such as 3/16")),
        },
    }
}

/// A whole number; `None` if the variable is not set.
fn number(name: &str, look: Look<'_>) -> Result<Option<u32>, String> {
    let Some(value) = look(name) else { return Ok(None) };
    value.parse().map(Some).map_err(|_| format!("{name} is {value:?}, which is not a number"))
}

fn needed(name: &str, beside: &str, look: Look<'_>) -> Result<u32, String> {
    number(name, look)?.ok_or_else(|| format!("{beside} is set, but {name} is not; say which part it is, as in 3/16"))
}

/// The part, if `index` (from 0) of `of` is one.
fn counted(name: &'static str, index: u32, of: u32) -> Result<Option<Said>, String> {
    let part = index.checked_add(1).and_then(|index| Part::new(index, of));
    part.map(|part| Some((name, part))).ok_or_else(|| format!("{name} says number {index} (from 0) of {of}"))
}

/// Ids of an array are no numbers of partitions: `--array=0,3,7` has three tasks, the last of which is 7. Only of an array
/// that goes from its least to its greatest id in even steps is it known which task is which.
fn slurm(look: Look<'_>) -> Result<Option<Said>, String> {
    const ID: &str = "SLURM_ARRAY_TASK_ID";
    let Some(id) = number(ID, look)? else { return Ok(None) };
    let [min, max, step, count] =
        ["MIN", "MAX", "STEP", "COUNT"].map(|n| needed(&format!("SLURM_ARRAY_TASK_{n}"), ID, look));
    let (min, max, step, count) = (min?, max?, step?.max(1), count?);
    if count == 1 {
        // One task of an array that is run again looks like this, and is not the whole run.
        return Err(format!(
            "an array of one task ({id}) is no partition; say which part it is, as in --partition 3/16"
        ));
    }
    let even = min <= id && id <= max && (max - min) % step == 0 && (max - min) / step + 1 == count;
    if !even || !(id - min).is_multiple_of(step) {
        return Err(format!(
            "the ids of this Slurm array are no even row ({count} from {min} to {max} in steps of {step}), so that task {id} \
             may be any part of it; say which, as in --partition 3/16"
        ));
    }
    counted(ID, (id - min) / step, count)
}

/// Kubernetes tells the index and not of how many.
fn kubernetes(of: Option<u32>, look: Look<'_>) -> Result<Option<Said>, String> {
    const INDEX: &str = "JOB_COMPLETION_INDEX";
    let Some(index) = number(INDEX, look)? else { return Ok(None) };
    let of = of.map_or_else(|| number("RACEHUNT_PARTITIONS", look), |of| Ok(Some(of)))?;
    let of = of.ok_or_else(|| {
        format!(
            "{INDEX} is {index}, but not of how many: say auto/N, or set RACEHUNT_PARTITIONS to the job's completions"
        )
    })?;
    counted(INDEX, index, of)
}

fn gitlab(look: Look<'_>) -> Result<Option<Said>, String> {
    const INDEX: &str = "CI_NODE_INDEX";
    let Some(index) = number(INDEX, look)? else { return Ok(None) };
    let of = needed("CI_NODE_TOTAL", INDEX, look)?;
    let index = index.checked_sub(1).ok_or_else(|| format!("{INDEX} is 0, and it counts from 1"))?;
    counted(INDEX, index, of)
}

fn buildkite(look: Look<'_>) -> Result<Option<Said>, String> {
    const INDEX: &str = "BUILDKITE_PARALLEL_JOB";
    let Some(index) = number(INDEX, look)? else { return Ok(None) };
    counted(INDEX, index, needed("BUILDKITE_PARALLEL_JOB_COUNT", INDEX, look)?)
}

#[cfg(test)]
mod tests;
