//! lab
#![allow(warnings)]
mod races;
use racehunt_engines::strategy::*;
use racehunt_engines::shuttle::*;
use racehunt_engines::model::Model;
use racehunt_sync::engine::{self, Engine};
use std::sync::Arc;
use std::rc::Rc;
use std::cell::Cell;

fn env(k: &str, d: u32) -> u32 { std::env::var(k).ok().and_then(|v| v.parse().ok()).unwrap_or(d) }
pub fn strat(name: &str, seed: u64) -> Box<dyn Strategy> {
    match name {
        "race" => Box::new(Race::new(seed)),
        n => named(&n.parse().unwrap(), seed),
    }
}
fn main() {
    use rayon::prelude::*;
    let _q = racehunt_engines::panics::keep();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (mode, names) = args.split_first().unwrap();
    let cap = env("CAP", 10_000) as u64;
    if mode == "races" { return races::main(names); }
    let mut logs = vec![0.0; names.len()]; let mut cnt = 0;
    let skip = std::env::var("SKIP").map(|s| s.split(',').map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default();
    let filter = std::env::var("ONLY").unwrap_or_default();
    for p in racehunt_bench::programs().iter().filter(|p| p.name.contains(&filter) && !skip.iter().any(|s| p.name.ends_with(s.as_str()))) {
        print!("{:12}", p.name);
        cnt += 1;
        for (i, n) in names.iter().enumerate() {
            let t = std::time::Instant::now();
            let r: Vec<Option<u64>> = (0..env("SEEDS", 20) as u64).into_par_iter().map(|s| { racehunt_bench::first_failure(p, &|x| strat(n, x), s + 1, cap) }).collect();
            let total: u64 = r.iter().map(|x| x.unwrap_or(cap)).sum();
            logs[i] += (total as f64 / env("SEEDS", 20) as f64).ln();
            let fnd = r.iter().flatten().count();
            print!(" | {n} {:8.1} ({fnd}) {:6.0}/s", total as f64 / env("SEEDS", 20) as f64, total as f64 / t.elapsed().as_secs_f64());
        }
        println!();
    }
    for (i, n) in names.iter().enumerate() { print!("{n} {:.2} ", (logs[i] / cnt as f64).exp()); }
    println!();
}
