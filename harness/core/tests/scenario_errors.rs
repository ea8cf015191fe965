//! What a wrong scenario file is told: each group of mistakes is one file of rendered errors.

use racehunt_core::scenario::Scenario;

/// A snapshot without the expression that made it, which would repeat the whole test.
macro_rules! assert_shown {
    ($shown:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($shown) })
    };
}

/// A scenario that uses most of the format; each case below breaks one thing in it.
const GOOD: &str = r#"schema = 1
name = "metrics-buffer/published-fix"
about = "The snapshot fix still drops what arrives during the hand-over."

[subject]
name = "metrics-buffer"
variant = ["published-fix", "hardened"]
params = { metrics = 4, sink = "statsd" }

[workload]
mix = { increment = 8, timing = 2, flush = 1 }

[stress]
threads = [2, 4]
duration = "10s"
perturb = { yield = 0.05, pause = "0..50us" }

[shuttle]
threads = 3
strategy = ["random", "pct:3"]
executions = 100_000

[loom]
preemptions = [2, 3, "none"]

[limits]
p99 = { flush = "2ms" }

[[expect]]
race = "MB3"
finding = "lost"
variants = ["published-fix"]
"#;

/// Renders what each case is told. A case is what to replace in [`GOOD`], and by what.
fn told(cases: &[(&str, &str)]) -> String {
    let mut all = Vec::new();
    for (from, to) in cases {
        assert!(GOOD.contains(from), "nothing to replace: {from}");
        let text = GOOD.replacen(from, to, 1);
        let error = Scenario::parse("scenarios/x.toml", &text).expect_err(to);
        assert!(!error.diagnostics().is_empty());
        for one in error.diagnostics() {
            let place = format!("--> scenarios/x.toml:{}:{}", one.line, one.column);
            assert!(error.render(false).contains(&place), "{place} in {error}");
        }
        all.push(format!("### {from:?} => {to:?}\n{error}"));
    }
    all.join("\n\n")
}

#[test]
fn the_good_one_is_good() {
    assert!(Scenario::parse("scenarios/x.toml", GOOD).is_ok());
}

#[test]
fn keys() {
    assert_shown!(told(&[
        ("threads = 3", "thread = 3"),
        ("[loom]", "[lom]"),
        ("name = \"metrics-buffer/published-fix\"\n", ""),
        ("schema = 1\n", ""),
        ("variant = [\"published-fix\", \"hardened\"]\n", ""),
        ("name = \"metrics-buffer\"\n", ""),
        ("mix = { increment = 8, timing = 2, flush = 1 }\n", ""),
        ("race = \"MB3\"\n", ""),
        ("duration = \"10s\"\n", ""),
        ("[subject]", "[subjects]"),
        ("pause = \"0..50us\"", "pauze = \"0..50us\""),
        ("name = \"metrics-buffer\"\n", "name = \"metrics-buffer\"\ncommand = [\"python3\"]\n"),
        ("mix =", "actors = [{ name = \"A\", ops = [\"flush\"] }]\nmix ="),
        ("about = \"The", "zzz = 1\n\"a\\nerror: forged\" = 2\nabout = \"The"),
    ]));
}

#[test]
fn syntax() {
    assert_shown!(told(&[
        ("schema = 1", "schema = "),
        ("schema = 1", "schema = 1\nschema = 1"),
        ("threads = 3", "threads = 3\nthreads = 4\ntime = 5"),
        ("[shuttle]", "[stress]"),
        ("[shuttle]", "[shuttle"),
        ("[2, 4]", "[2, 4"),
        ("\"10s\"", "10s"),
        ("\"10s\"", "\"10s"),
        (GOOD, "\u{feff}not toml at all"),
    ]));
}

#[test]
fn types() {
    assert_shown!(told(&[
        ("threads = 3", "threads = \"3\""),
        ("threads = 3", "threads = 3.5"),
        ("threads = 3", "threads = [3, 4]"),
        ("duration = \"10s\"", "duration = 10"),
        ("duration = \"10s\"", "duration = \"10s\"\nrate = 20000"),
        ("yield = 0.05", "yield = \"often\""),
        ("[loom]\n", "[[loom]]\n"),
        ("[[expect]]", "[expect]"),
        ("metrics = 4", "metrics = 1979-05-27"),
        ("metrics = 4", "metrics = { a = 1 }"),
        ("executions = 100_000", "executions = 100_000\nreduce = 1"),
        ("\"none\"]", "\"many\", 1.5]"),
        ("p99 = { flush = \"2ms\" }", "p99 = \"2ms\""),
        ("variants = [\"published-fix\"]", "variants = \"published-fix\""),
        ("name = \"metrics-buffer/", "name = 5 #"),
        ("schema = 1", "schema = 1\non_request = true"),
    ]));
}

#[test]
fn units() {
    assert_shown!(told(&[
        ("\"10s\"", "\"10\""),
        ("\"10s\"", "\"10sec\""),
        ("\"10s\"", "\"5M\""),
        ("\"10s\"", "\"\""),
        ("duration = \"10s\"", "duration = \"10s\"\nrate = \"20k\""),
        ("duration = \"10s\"", "duration = \"10s\"\nrate = \"20k/h\""),
        ("\"0..50us\"", "\"50us\""),
        ("\"0..50us\"", "\"0..50\""),
        ("\"2ms\"", "\"2mss\""),
    ]));
}

#[test]
fn impossible_sizes() {
    assert_shown!(told(&[
        ("schema = 1", "schema = 2"),
        ("threads = 3", "threads = 0"),
        ("threads = 3", "threads = 33"),
        ("threads = 3", "threads = -1"),
        ("[2, 4]", "[2, 257]"),
        ("[2, 4]", "[2, 2]"),
        ("[2, 4]", "[]"),
        ("[loom]\n", "[loom]\nthreads = 5\n"),
        ("executions = 100_000", "executions = 99999999999999999999"),
        ("executions = 100_000", "executions = 0"),
        ("\"10s\"", "\"0s\""),
        ("\"10s\"", "\"400d\""),
        ("duration = \"10s\"", "duration = \"10s\"\nrate = \"0/s\""),
        ("\"0..50us\"", "\"50us..10us\""),
        ("yield = 0.05", "yield = 1.5"),
        ("yield = 0.05", "yield = nan"),
        ("increment = 8", "increment = 0"),
        ("mix = { increment = 8, timing = 2, flush = 1 }", "mix = {}"),
        ("metrics = 4", "metrics = inf"),
        ("metrics = 4", "metrics = [1, \"1\"]"),
        ("\"pct:3\"", "\"pct:0\""),
    ]));
}

#[test]
fn names() {
    assert_shown!(told(&[
        ("\"random\"", "\"randm\""),
        ("\"random\"", "\"automatic\""),
        ("finding = \"lost\"", "finding = \"lots\""),
        ("variants = [\"published-fix\"]", "variants = [\"publishd-fix\"]"),
        ("variants = [\"published-fix\"]", "engines = [\"stres\"]"),
        ("variants = [\"published-fix\"]", "engines = [\"adapter\"]"),
        ("variants = [\"published-fix\"]", "engines = [\"stress\", \"shuttle\"]"),
        ("metrics-buffer/published-fix", "Metrics Buffer"),
        ("\"metrics-buffer\"", "\"metrics/buffer\""),
        ("increment = 8", "\"increment(0)\" = 8"),
        ("{ flush = \"2ms\" }", "{ flsh = \"2ms\" }"),
        ("race = \"MB3\"", "race = \" \""),
        ("metrics = 4", "\"a.b\" = 4"),
        ("schema = 1", "schema = 1\non_request = \" \""),
        ("schema = 1", "schema = 1\non_request = \"slow\\nleft out: nothing\""),
        ("[subject]", "[subject]\non_request = \"slow\""),
        ("schema = 1", "schema = 1\non_requests = \"slow\""),
    ]));
}

#[test]
fn keys_that_do_not_go_together() {
    let actors = "actors = [{ name = \"D\", ops = [\"flush\"] }, { name = \"A\", ops = [\"increment(0)\"] }, { name = \"B\", ops = [\"timing\"] }]";
    let mix = "mix = { increment = 8, timing = 2, flush = 1 }";
    assert_shown!(told(&[
        (mix, actors),
        (
            mix,
            "actors = [{ name = \"D\", ops = [\"flush\"] }, { name = \"D\", ops = [\"increment(x)\"] }, { nam = \"E\", ops = [] }]"
        ),
        ("duration = \"10s\"", "duration = \"10s\"\npace = \"open\""),
        ("duration = \"10s\"", "duration = \"10s\"\npace = \"closed\"\nrate = \"20k/s\""),
        ("duration = \"10s\"", "rounds = 100\nops_per_thread = 3\nrate = \"20k/s\""),
        ("duration = \"10s\"", "duration = \"10s\"\npace = \"closed\"\nstop_after = 1"),
        ("duration = \"10s\"", "duration = \"10s\"\npace = \"fast\""),
        ("duration = \"10s\"", "duration = \"10s\"\nchase = \"no\""),
        ("duration = \"10s\"", "duration = \"10s\"\nchas = false"),
        ("pause = \"0..50us\"", "pause_chance = 0.5"),
        ("name = \"metrics-buffer\"", "command = [\"python3\", \"x.py\"]"),
        ("[stress]\nthreads = [2, 4]\nduration", "[adapter]\nthreads = [2, 4]\nduration"),
        ("[stress]\nthreads = [2, 4]\nduration = \"10s\"\nperturb = { yield = 0.05, pause = \"0..50us\" }\n", ""),
    ]));
}

#[test]
fn several_mistakes_are_told_at_once_in_the_order_of_the_text() {
    let text = "schema = 1\nname = \"X\"\n\n[subject]\nname = 5\nvariants = \"a\"\n\n[workload]\nmix = { flush = -1 }\n\n[stres]\nthreads = 2\n";
    assert_shown!(Scenario::parse("scenarios/x.toml", text).unwrap_err());
}

#[test]
fn an_empty_file_is_told_what_it_lacks() {
    assert_shown!(Scenario::parse("scenarios/x.toml", "").unwrap_err());
}
