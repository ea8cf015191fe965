//! What a new crate may be called.

/// Words that Rust keeps for itself.
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Crates of Rust itself, what the new crate depends on, and folders of cargo in which its program would stand.
const TAKEN: [&str; 11] = [
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "incremental",
    "proc_macro",
    "racehunt",
    "racehunt_sync",
    "std",
    "test",
];

/// As long as crates.io has it.
const LONGEST: usize = 64;

/// Reads the name of a new crate: one that cargo takes for a package, and that is a name in Rust, too.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let in_rust = text.replace('-', "_");
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.chars().all(plain) {
        return Err("a crate's name is made of small letters, digits, - and _, and begins with a letter".to_owned());
    }
    if text.len() > LONGEST {
        return Err(format!("a crate's name has at most {LONGEST} letters"));
    }
    if KEYWORDS.contains(&&*in_rust) {
        return Err("this is a word of Rust itself".to_owned());
    }
    if TAKEN.contains(&&*in_rust) {
        return Err("this name is taken, by Rust, by cargo or by racehunt".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_that_cargo_and_rust_take_are_taken() {
        for good in ["outbox", "my-outbox", "a", "a1_b-2", "racehunt-outbox", "selfless", &"a".repeat(64)] {
            assert_eq!(name(good).as_deref(), Ok(good));
        }
    }

    #[test]
    fn others_are_refused_with_the_rule() {
        for (bad, rule) in [
            ("", "begins with a letter"),
            ("1st", "begins with a letter"),
            ("-a", "begins with a letter"),
            ("Outbox", "small letters"),
            ("a b", "small letters"),
            ("a/b", "small letters"),
            ("..", "small letters"),
            ("größe", "small letters"),
            ("self", "a word of Rust"),
            ("racehunt-sync", "taken"),
            ("test", "taken"),
            (&"a".repeat(65), "at most 64"),
        ] {
            let refused = name(bad).expect_err(bad);
            assert!(refused.contains(rule), "{bad:?}: {refused}");
        }
    }
}
