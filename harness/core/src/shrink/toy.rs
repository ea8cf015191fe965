//! For tests: programs of independent steps, played without an engine.

use super::made::{Choice, Made};

/// Actors with so many steps each.
#[derive(Clone, Debug)]
pub(crate) struct Toy(pub Vec<usize>);

impl Toy {
    /// The order in which the actors' steps came, and the schedule as made.
    pub(crate) fn play(&self, list: &[u32]) -> (Vec<u32>, Made) {
        let (mut left, mut order, mut made) = (self.0.clone(), Vec::new(), Made::default());
        loop {
            let options: Vec<u32> = (0..left.len() as u32).filter(|a| left[*a as usize] > 0).collect();
            let Some(first) = options.first() else { break };
            let current = order.last().filter(|c| options.contains(c));
            let stay = *current.unwrap_or(first);
            let others: Vec<u32> = options.iter().copied().filter(|o| *o != stay).collect();
            let mut picked = stay;
            if !others.is_empty() {
                let asked = list.get(made.decisions.len()).copied().unwrap_or(0);
                let decision = asked.min(others.len() as u32);
                let choice = Choice { others: others.len() as u32, forced: current.is_none() };
                made.switches += u32::from(decision != 0 && !choice.forced);
                made.decisions.push(decision);
                made.choices.push(choice);
                picked = if decision == 0 { stay } else { others[decision as usize - 1] };
            }
            left[picked as usize] -= 1;
            order.push(picked);
        }
        made.steps = order.len() as u64;
        (order, made)
    }
}
