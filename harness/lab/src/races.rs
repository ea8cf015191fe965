//! lab
use rayon::prelude::*;
pub fn main(names: &[String]) {
    let cap = super::env("CAP", 2000) as u64;
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut logs = vec![0.0; names.len()];
    let mut n = 0;
    for race in racehunt_bench::races().iter().filter(|r| r.name.contains(&only)) {
        print!("{:52} {:12}", race.name.chars().take(52).collect::<String>(), race.finding.word());
        let mut worth = false;
        for (i, name) in names.iter().enumerate() {
            let t = std::time::Instant::now();
            let r: Vec<Option<u64>> = (1..=super::env("SEEDS", 20) as u64).into_par_iter().map(|s| racehunt_bench::first_finding(race, &|x| super::strat(name, x), s, cap)).collect();
            let total: u64 = r.iter().map(|x| x.unwrap_or(cap)).sum();
            let f = r.iter().flatten().count();
            logs[i] += (total as f64 / super::env("SEEDS", 20) as f64).ln();
            print!(" | {name} {:7.1}{} {:6.0}/s", total as f64 / super::env("SEEDS", 20) as f64, if f < 20 { format!(" ({f})") } else { String::new() }, total as f64 / t.elapsed().as_secs_f64());
        }
        n += 1;
        println!();
    }
    for (i, name) in names.iter().enumerate() { print!("{name} {:.2}  ", (logs[i] / n as f64).exp()); }
    println!();
}
