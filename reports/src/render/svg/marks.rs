//! What lasts over several rows: lanes, holds, waits, and the lines of the races.

use super::paint::Paint;
use super::plan::{self, BAR, Lane, Plan};
use super::rows;
use racehunt_core::interleaving::{Interleaving, Race};

pub(super) fn lanes(shown: &Interleaving, plan: &Plan, paint: &mut Paint) {
    for lane in &plan.lanes {
        paint.rect("rh-lane", (lane.left, plan.head), (lane.width, plan.bottom() - plan.head), "");
        paint.text("rh-actor", (lane.text, plan.head + 20), &lane.name, "", "");
        for (i, bar) in lane.bars.iter().enumerate() {
            for hold in bar {
                let from = plan.y_of(shown, hold.from);
                let to = hold.to.map_or(Some(plan.bottom()), |to| plan.y_of(shown, to));
                let (Some(from), Some(to)) = (from, to) else { continue };
                let object = rows::object(shown, hold.object_id, "");
                let until = hold.to.map_or_else(|| "to the end".to_owned(), |to| format!("to step {}", to + 1));
                let title = format!("{} holds {object} from step {} {until}", lane.name, hold.from + 1);
                let x = lane.left + 8 + BAR * i as u32;
                paint.bar((x, from), (BAR - 3, to.saturating_sub(from)), hold.object_id, hold.shared, &title);
            }
        }
        waits(shown, plan, lane, paint);
        for killed in shown.killed.iter().filter(|k| k.actor == lane.actor) {
            if let Some(y) = plan.y_of(shown, killed.step) {
                paint.text("rh-loud", (lane.text, y + 4), "✗ killed", "", "its process was killed");
            }
        }
    }
}

fn waits(shown: &Interleaving, plan: &Plan, lane: &Lane, paint: &mut Paint) {
    for wait in shown.waits.iter().filter(|w| w.actor == lane.actor) {
        let from = plan.y_of(shown, wait.from).unwrap_or_else(|| plan.bottom().saturating_sub(13));
        let to = wait.to.map_or(Some(plan.bottom()), |to| plan.y_of(shown, to));
        let Some(to) = to.filter(|to| *to > from) else { continue };
        let object = rows::object(shown, wait.object_id, &wait.object);
        let title = format!("{} waits: {} {object}{}", lane.name, wait.kind, rows::for_whom(shown, wait));
        let x = lane.text - BAR;
        paint.rect("rh-wait", (x, from.saturating_sub(10)), (BAR - 3, (to - from) + 2), &title);
        if wait.to.is_some() || to - from > 40 {
            let text = format!("waits{}", rows::for_whom(shown, wait));
            paint.text("rh-note", (lane.text, from + 4), &text, "", &title);
        }
    }
}

/// The lines of the races, over everything else.
pub(super) fn races(shown: &Interleaving, plan: &Plan, paint: &mut Paint) {
    for race in &shown.racing {
        line(shown, plan, race, paint);
    }
}

fn line(shown: &Interleaving, plan: &Plan, race: &Race, paint: &mut Paint) {
    let lane = |at: usize| shown.steps.get(at).and_then(|s| plan.lane(s.actor));
    let ys = |at: usize| plan.y_of(shown, at);
    let ends = (lane(race.opens), lane(race.first), lane(race.second));
    let (Some(mine), Some(theirs), Some(_)) = ends else { return };
    let (Some(opens), Some(entered), Some(first), Some(second)) =
        (ys(race.opens), ys(race.entered), ys(race.first), ys(race.second))
    else {
        return;
    };
    // The lines meet the boxes at the sides that face each other.
    let right = |lane: &Lane, at: usize| lane.text + lane.box_of(&plan::said(shown, at));
    let (mine_at, theirs_at): (&dyn Fn(usize) -> u32, &dyn Fn(usize) -> u32) = if mine.left < theirs.left {
        (&|at| right(mine, at), &|_| theirs.text)
    } else {
        (&|_| mine.text, &|at| right(theirs, at))
    };
    let (window, race_line) = ("here the window opened", "the racing pair");
    paint.curve("rh-window", (mine_at(race.opens), opens), (theirs_at(race.entered), entered), window);
    paint.curve("rh-race", (theirs_at(race.first), first), (mine_at(race.second), second), race_line);
}
