//! One value, or a list of values to run one after the other.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One value or several; several are a sweep, each of them a trial of its own.
///
/// Never empty, no value twice (two trials would be the same).
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep<T>(Vec<T>);

impl<T> Sweep<T> {
    /// A single value.
    #[must_use]
    pub fn one(value: T) -> Self {
        Self(vec![value])
    }

    /// A list, unless it is empty.
    #[must_use]
    pub fn list(values: Vec<T>) -> Option<Self> {
        (!values.is_empty()).then_some(Self(values))
    }

    /// The values in the order in which the scenario lists them.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.0
    }

    /// True if there is more than one value, so that a trial's id has to say which.
    #[must_use]
    pub fn is_swept(&self) -> bool {
        self.0.len() > 1
    }
}

impl<T: Serialize> Serialize for Sweep<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            list => list.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Sweep<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form<T> {
            List(Vec<T>),
            One(T),
        }
        match Form::deserialize(deserializer)? {
            Form::One(value) => Ok(Self::one(value)),
            Form::List(list) => Self::list(list).ok_or_else(|| serde::de::Error::custom("an empty list")),
        }
    }
}

impl<T: JsonSchema> JsonSchema for Sweep<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Sweep_of_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<T>();
        json_schema!({
            "anyOf": [item, { "type": "array", "items": item, "minItems": 1, "uniqueItems": true }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_written_bare_and_several_as_a_list() {
        for (json, values) in [("2", vec![2]), ("[2,4]", vec![2, 4])] {
            let sweep: Sweep<u32> = serde_json::from_str(json).unwrap();
            assert_eq!(sweep.values(), values);
            assert_eq!(sweep.is_swept(), values.len() > 1);
            assert_eq!(serde_json::to_string(&sweep).unwrap(), json);
        }
        assert!(serde_json::from_str::<Sweep<u32>>("[]").is_err());
        assert!(Sweep::<u32>::list(vec![]).is_none());
    }
}
