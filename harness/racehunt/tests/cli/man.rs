//! `man`: pages that `man` can show, one for each command that is for people.

use crate::support::Bench;

#[test]
fn the_page_of_the_program_names_its_commands_and_its_exit_codes() {
    let page = Bench::new().run("man").ended(0).stdout;
    for part in [".TH racehunt 1", ".SH NAME", "racehunt\\-run(1)", ".SH \"EXIT CODES\"\n.nf", ".SH EXAMPLES\n.nf"] {
        assert!(page.contains(part), "no {part:?} in\n{page}");
    }
    assert!(!page.contains("worker"), "what is not for people is hidden:\n{page}");
}

#[test]
fn each_command_has_a_page_with_its_examples() {
    let bench = Bench::new();
    bench.run("man --out man1").ended(0);
    let pages = bench.all_below("man1");
    let help = bench.run("--help").ended(0).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line of its own begins with the name; what is broken over to the next is indented further.
    let commands = commands.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let mut wanted: Vec<String> =
        commands.filter(|name| *name != "help").map(|name| format!("racehunt-{name}.1")).collect();
    assert!(wanted.len() > 9, "{help}");
    wanted.push("racehunt.1".to_owned());
    wanted.sort();
    assert_eq!(pages, wanted);
    for page in pages.iter().filter(|page| *page != "racehunt.1") {
        let text = std::fs::read_to_string(bench.path("man1").join(page)).expect("a page");
        assert!(text.contains(".SH EXAMPLES\n.nf\n  racehunt "), "{page}:\n{text}");
    }
}
