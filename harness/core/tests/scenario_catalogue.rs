//! Names are held against the subjects that are linked in, and unknown ones are told where they stand.

use racehunt_core::scenario::{Catalogue, ParamInfo, ParamKind, ParamValue, Scenario, SubjectInfo};

/// A snapshot without the expression that made it, which would repeat the whole test.
macro_rules! assert_shown {
    ($shown:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($shown) })
    };
}

struct One;

impl Catalogue for One {
    fn subject(&self, name: &str) -> Option<SubjectInfo> {
        let param = |name: &str, kind, default| ParamInfo { name: name.into(), kind, default };
        (name == "metrics-buffer").then(|| SubjectInfo {
            variants: ["as-shipped", "published-fix", "hardened"].map(str::to_owned).to_vec(),
            ops: ["increment", "timing", "flush"].map(str::to_owned).to_vec(),
            params: vec![
                param("metrics", ParamKind::Integer, ParamValue::Integer(4)),
                param("ratio", ParamKind::Float, ParamValue::Float(1.0)),
                param("sync", ParamKind::Bool, ParamValue::Bool(false)),
                param(
                    "sink",
                    ParamKind::Choice(vec!["statsd".into(), "memory".into()]),
                    ParamValue::String("memory".into()),
                ),
            ],
        })
    }

    fn names(&self) -> Vec<String> {
        vec!["metrics-buffer".into(), "shard-router".into()]
    }
}

fn scenario(subject: &str, workload: &str) -> String {
    format!("schema = 1\nname = \"a\"\nabout = \"b\"\n\n[subject]\n{subject}\n\n[workload]\n{workload}\n\n[shuttle]\n")
}

fn told(subject: &str, workload: &str) -> Result<(), String> {
    let text = scenario(subject, workload);
    let parsed = Scenario::parse("x.toml", &text).unwrap_or_else(|error| panic!("{error}"));
    parsed.check("x.toml", &text, &One).map_err(|error| error.to_string())
}

#[test]
fn known_names_pass() {
    let subject = "name = \"metrics-buffer\"\nvariant = \"hardened\"\n\
                   params = { metrics = [1, 2], ratio = 1, sync = true, sink = \"statsd\" }";
    assert_eq!(told(subject, "mix = { flush = 1 }"), Ok(()));
    assert_eq!(told(subject, "actors = [{ name = \"A\", ops = [\"increment(0)\"] }]"), Ok(()));
}

#[test]
fn unknown_names_are_located() {
    let good = "name = \"metrics-buffer\"\nvariant = \"hardened\"";
    let cases = [
        ("name = \"metric-buffer\"\nvariant = \"hardened\"", "mix = { flush = 1 }"),
        ("name = \"metrics-buffer\"\nvariant = [\"as-shipped\", \"hardend\"]", "mix = { flush = 1 }"),
        ("name = \"metrics-buffer\"\nvariant = \"x\"", "mix = { flush = 1 }"),
        (
            "name = \"metrics-buffer\"\nvariant = \"hardened\"\nparams = { metric = 4, ratio = \"a\", sync = [true, false], sink = [\"statsd\", \"memry\"] }",
            "mix = { flush = 1 }",
        ),
        (good, "mix = { flush = 1, incremnt = 8 }"),
        (good, "actors = [{ name = \"A\", ops = [\"flush\", \"tming(3)\"] }]"),
    ];
    let all: Vec<String> = cases.iter().map(|(subject, workload)| told(subject, workload).unwrap_err()).collect();
    assert_shown!(all.join("\n\n"));
}

#[test]
fn a_command_is_not_checked() {
    let text =
        scenario("command = [\"worker\"]", "mix = { anything = 1 }").replace("[shuttle]", "[adapter]\nrounds = 1");
    let parsed = Scenario::parse("x.toml", &text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(parsed.check("x.toml", &text, &One), Ok(()));
}

#[test]
fn a_scenario_without_places_is_checked_all_the_same() {
    let text = scenario("name = \"nothing\"\nvariant = \"v\"", "mix = { x = 1 }");
    let parsed = Scenario::parse("x.toml", &text).unwrap();
    let json = serde_json::to_string(&parsed).unwrap();
    let stored: Scenario = serde_json::from_str(&json).unwrap();
    assert!(stored.check("x.toml", &text, &One).is_err());
}
