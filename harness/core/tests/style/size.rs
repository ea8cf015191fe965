//! A file has at most 400 lines, a function at most 70, tests and benches no more than others.

use crate::tokens::{self, Token, closing};
use crate::tree::{Fault, Source, faults, keeps};

const FILE: usize = 400;
const FUNCTION: usize = 70;

fn files(source: &Source) -> Vec<Fault> {
    let lines = source.text.lines().count();
    let long = source.is_rust() && lines > FILE;
    long.then(|| Fault::at(lines, format!("{lines} lines, at most {FILE}"))).into_iter().collect()
}

fn functions(source: &Source) -> Vec<Fault> {
    let tokens = tokens::of(source);
    let mut faults = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        // A type `fn(…)` has no name; `$name` is one that a macro gives.
        let named = tokens.get(at + 1).is_some_and(|next| next.is_word() || next.text == "$");
        if token.text != "fn" || !named {
            continue;
        }
        let Some(body) = body(&tokens, at) else { continue };
        let lines = tokens[closing(&tokens, body)].line - token.line + 1;
        if lines > FUNCTION {
            let name = &tokens[at + 1].text;
            faults.push(Fault::at(token.line, format!("`{name}` has {lines} lines, at most {FUNCTION}")));
        }
    }
    faults
}

/// The brace that opens the body of the function at `at`; a declaration has none.
fn body(tokens: &[Token], at: usize) -> Option<usize> {
    let mut here = at;
    while let Some(token) = tokens.get(here) {
        match token.text.as_str() {
            "{" => return Some(here),
            ";" | "}" | ")" | "]" => return None,
            // Arguments and array types have brackets and semicolons of their own.
            "(" | "[" => here = closing(tokens, here),
            _ => {}
        }
        here += 1;
    }
    None
}

#[test]
fn no_file_is_too_long() {
    keeps(files);
    faults(files, "a.rs", &"//\n".repeat(400), 0);
    faults(files, "a.rs", &"//\n".repeat(401), 1);
    faults(files, "a.lock", &"//\n".repeat(401), 0);
}

#[test]
fn no_function_is_too_long() {
    keeps(functions);
    let with = |before: &str, lines: usize, after: &str| format!("{before}{}{after}", "    step();\n".repeat(lines));
    faults(functions, "a.rs", &with("fn f(a: [u8; 3]) -> [u8; 2] {\n", 68, "}\n"), 0);
    faults(functions, "a.rs", &with("fn f(a: [u8; 3]) -> [u8; 2] {\n", 69, "}\n"), 1);
    faults(functions, "a.rs", &with("impl A {\nfn f(\n&self,\n) {\n", 67, "}\n}\n"), 1);
    faults(functions, "a.rs", &with("proptest! {\nfn f(x in 0..3) {\n", 69, "}\n}\n"), 1);
    faults(functions, "a.rs", &with("trait T { fn f(); }\nmod m {\n", 90, "}\n"), 0);
    faults(functions, "a.rs", &with("static F: fn(u8) = f;\nstatic G: u8 = {\n", 90, "};\n"), 0);
}
