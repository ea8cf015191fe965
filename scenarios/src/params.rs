//! Reading the settings of a subject, one value at a time, with messages that name the key.

use racehunt_core::plan::Params;
use racehunt_core::subject::{ParamSpec, SubjectError, Variant};

/// The setting `key` has no meaning: `message` says what would do.
pub(crate) fn wrong(key: &str, message: String) -> SubjectError {
    SubjectError::Param { key: key.to_owned(), message }
}

/// Refuses what is not among `specs`.
pub(crate) fn all_known(params: &Params, subject: &str, specs: &[ParamSpec]) -> Result<(), SubjectError> {
    let Some(key) = params.keys().find(|key| !specs.iter().any(|spec| spec.name == key.as_str())) else {
        return Ok(());
    };
    let known: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
    Err(wrong(key, format!("{subject} has no such setting (it has {})", known.join(", "))))
}

/// What the subject's table has for the variant called `name`.
pub(crate) fn variant<K: Copy>(table: &[(K, Variant)], name: &str, subject: &str) -> Result<K, SubjectError> {
    table.iter().find(|(_, known)| known.name == name).map(|(kind, _)| *kind).ok_or_else(|| {
        let known: Vec<&str> = table.iter().map(|(_, known)| known.name).collect();
        SubjectError::Resource(format!("{subject} has no variant {name:?} (it has {})", known.join(", ")))
    })
}

/// A whole number from `least` to `most`.
pub(crate) fn whole(params: &Params, key: &str, default: i64, least: i64, most: i64) -> Result<u64, SubjectError> {
    let value = match params.get(key) {
        None => Some(default),
        Some(value) => value.as_integer(),
    };
    let fits = value.filter(|n| (least..=most).contains(n));
    let limit = if most == i64::MAX { format!("{least} or more") } else { format!("{least} to {most}") };
    fits.map(i64::unsigned_abs).ok_or_else(|| wrong(key, format!("a whole number, {limit}")))
}

/// True or false.
pub(crate) fn flag(params: &Params, key: &str, default: bool) -> Result<bool, SubjectError> {
    let value = params.get(key).map_or(Some(default), racehunt_core::plan::ParamValue::as_bool);
    value.ok_or_else(|| wrong(key, "true or false".to_owned()))
}

/// The choice that `params` names, or else the first of the table.
pub(crate) fn choice<T: Copy>(params: &Params, key: &str, table: &[(&str, T)]) -> Result<T, SubjectError> {
    let Some(value) = params.get(key) else {
        return Ok(table[0].1);
    };
    let named = value.as_str().and_then(|name| table.iter().find(|(known, _)| *known == name));
    named.map(|(_, value)| *value).ok_or_else(|| {
        let all: Vec<String> = table.iter().map(|(name, _)| format!("{name:?}")).collect();
        wrong(key, format!("one of {}", all.join(", ")))
    })
}
