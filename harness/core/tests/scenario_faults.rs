//! What a wrong fault, process or pace over processes is told.

use racehunt_core::scenario::Scenario;

/// A snapshot without the expression that made it, which would repeat the whole test.
macro_rules! assert_shown {
    ($shown:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($shown) })
    };
}

/// Each case below breaks one thing in this.
const GOOD: &str = r#"schema = 1
name = "trace-buffer/as-shipped"
about = "Two processes store and one of them dies."

[subject]
name = "trace-buffer"
variant = "as-shipped"

[workload]
actors = [
    { name = "A", process = "writer", ops = ["store"] },
    { name = "B", process = "reader", ops = ["list"] },
    { name = "C", process = "reader", ops = ["list"] },
]

[[fault]]
kind = "kill"
process = "writer"

[[fault]]
kind = "io"
call = "unlink"
error = "EIO"
nth = 1

[stress]
rounds = 1_000
faults = [{ kind = "kill", every = "200ms" }, { kind = "pause", chance = 0.1 }]

[loom]
"#;

fn errors(text: &str) -> Option<String> {
    Scenario::parse("x.toml", text).err().map(|error| {
        for one in error.diagnostics() {
            assert!(one.line > 0 && !one.message.is_empty(), "{one:?}");
        }
        error.to_string()
    })
}

fn told(cases: &[(&str, &str)]) -> String {
    let told = cases.iter().map(|(from, to)| {
        assert!(GOOD.contains(from), "nothing to replace: {from}");
        let error = errors(&GOOD.replacen(from, to, 1)).unwrap_or_else(|| panic!("accepted: {to}"));
        format!("### {from:?} => {to:?}\n{error}")
    });
    told.collect::<Vec<_>>().join("\n\n")
}

const KILL: &str = "kind = \"kill\"\nprocess = \"writer\"";
const IO: &str = "kind = \"io\"\ncall = \"unlink\"\nerror = \"EIO\"\nnth = 1";
const RANDOM: &str = "{ kind = \"kill\", every = \"200ms\" }";
const PAUSE: &str = "{ kind = \"pause\", chance = 0.1 }";
const ROUNDS: &str = "rounds = 1_000\n";

#[test]
fn the_good_one_is_good() {
    assert_eq!(errors(GOOD), None);
}

#[test]
fn faults_of_every_engine() {
    assert_shown!(told(&[
        (KILL, "kind = \"kil\"\nprocess = \"writer\""),
        (KILL, "process = \"writer\""),
        (KILL, "kind = \"kill\""),
        (KILL, "kind = \"kill\"\nprocess = \"writr\""),
        (KILL, "kind = \"kill\"\nprocess = 5"),
        (KILL, "kind = \"kill\"\nprocess = \"writer\"\nchance = 0.5"),
        (KILL, "kind = \"kill\"\nprocess = \"writer\"\nunsynced = \"lost\""),
        (KILL, "kind = \"kill\"\nprocess = \"writer\"\nunsynced = \"half\""),
        (KILL, "kind = \"kill\"\nprocess = \"writer\"\n[[fault]]\nkind = \"kill\"\nprocess = \"writer\""),
        (IO, "kind = \"io\"\ncall = \"unlnk\"\nerror = \"EOI\"\nnth = 0"),
        (IO, "kind = \"io\"\ncall = \"unlink\"\nerror = \"EIO\""),
        (IO, "kind = \"io\"\nnth = 1\nchance = 0.5"),
        (IO, "kind = \"io\"\ncall = \"unlink\"\nerror = \"EIO\"\nchance = 0"),
        (IO, "kind = \"io\"\ncall = \"unlink\"\nerror = \"EIO\"\nchance = 1.5"),
        ("[[fault]]\nkind = \"kill\"\nprocess = \"writer\"\n\n[[fault]]", "[fault]"),
    ]));
}

#[test]
fn faults_of_real_processes() {
    assert_shown!(told(&[
        (RANDOM, "{ kind = \"io\", every = \"200ms\" }"),
        (RANDOM, "{ every = \"200ms\" }"),
        (RANDOM, "{ kind = \"kill\" }"),
        (RANDOM, "{ kind = \"kill\", every = \"200ms\", call = \"write\", chance = 0.1 }"),
        (RANDOM, "{ kind = \"kill\", every = \"200ms\", chance = 0.1 }"),
        (RANDOM, "{ kind = \"kill\", call = \"write\" }"),
        (RANDOM, "{ kind = \"kill\", call = \"wrote\", chance = 0 }"),
        (RANDOM, "{ kind = \"kill\", every = \"200\" }"),
        (RANDOM, "{ kind = \"kill\", evry = \"200ms\" }"),
        (PAUSE, "{ kind = \"pause\" }"),
        (PAUSE, "{ kind = \"pause\", chance = 0 }"),
        (PAUSE, "{ kind = \"pause\", chance = 0.1, every = \"1s\" }"),
        (RANDOM, "\"kill\""),
    ]));
}

#[test]
fn processes_sizes_and_pace() {
    assert_shown!(told(&[
        ("process = \"writer\", ", "process = \"the writer\", "),
        ("process = \"writer\", ", ""),
        (ROUNDS, "rounds = 1_000\nprocesses = 3\n"),
        (ROUNDS, "rounds = 1_000\nprocesses = [2, 4]\n"),
        (ROUNDS, "rounds = 1_000\nthreads = [1, 2]\n"),
        (ROUNDS, "rounds = 1_000\nthreads = 257\n"),
        (ROUNDS, "duration = \"10s\"\npace = \"closed\"\n"),
        (ROUNDS, "duration = \"10s\"\nrate = \"20k/s\"\n"),
        (
            "    { name = \"C\", process = \"reader\", ops = [\"list\"] },\n",
            "    { name = \"C\", process = \"reader\", ops = [\"list\"] },\n    { name = \"D\", ops = [\"list\"] },\n",
        ),
    ]));
}

/// [`GOOD`] with a mix in the place of its actors and without what needs them.
fn mix(stress: &str) -> String {
    let from = GOOD.find("actors").unwrap();
    let to = GOOD.find("[[fault]]\nkind = \"io\"").unwrap();
    let text = format!("{}mix = {{ store = 1 }}\n\n{}", &GOOD[..from], &GOOD[to..]);
    text.replace(&format!("{ROUNDS}faults = [{RANDOM}, {PAUSE}]"), stress)
}

#[test]
fn without_names_of_processes() {
    let closed = "pace = \"closed\"\nduration = \"10s\"";
    for good in [
        "rounds = 1\nprocesses = [1, 2]",
        &format!("{closed}\nprocesses = 64\nthreads = 2"),
        &format!("{closed}\nfaults = [{PAUSE}]"),
        "rate = \"1k/s\"\nduration = \"1s\"",
    ] {
        assert_eq!(errors(&mix(good)), None, "{good}");
    }
    let killed = mix(closed).replace("[[fault]]", &format!("[[fault]]\n{KILL}\n\n[[fault]]"));
    let bad = [
        mix("rate = \"1k/s\"\nduration = \"1s\"\nprocesses = [1, 2]"),
        mix(&format!("rate = \"1k/s\"\nduration = \"1s\"\nfaults = [{RANDOM}]")),
        mix(&format!("{closed}\nprocesses = 2\nops_per_thread = 3")),
        mix("rounds = 1\nprocesses = 65"),
        mix("rounds = 1\nfaults = []"),
        killed,
        GOOD.replace("process = \"writer\", ", "").replace("process = \"reader\", ", ""),
        GOOD.replace("process = \"writer\", ", "")
            .replace("process = \"reader\", ", "")
            .replace(KILL, IO)
            .replace(ROUNDS, "rounds = 1\nprocesses = [4, 2]\nthreads = 1\n"),
        "schema = 1\nname = \"a\"\nabout = \"b\"\n[subject]\ncommand = [\"worker\"]\n[workload]\nmix = { store = 1 }\n\
         [[fault]]\nkind = \"io\"\ncall = \"write\"\nerror = \"EIO\"\nnth = 1\n[adapter]\nrounds = 1\n"
            .to_owned(),
    ];
    let told: Vec<String> = bad.iter().map(|text| errors(text).unwrap_or_else(|| panic!("accepted: {text}"))).collect();
    assert_shown!(told.join("\n\n"));
}
