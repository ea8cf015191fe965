//! An interleaving as a lane diagram: one SVG that needs nothing else, light or dark as its viewer is.
//!
//! Time runs downwards, a lane is an actor. A filled bar at a lane's left is a lock that the actor holds, a hatched one
//! a wait; red boxes joined by a line are the racing pair, a dashed line leads to them from where the window opened.
//! Everything is drawn with literal colours in classes, which viewers without media queries show as light.

mod marks;
mod paint;
mod plan;

use super::interleaving::rows::{self, Row};
use crate::distinct::{Distinct, distinct};
use crate::model::Report;
use crate::words::cut;
use paint::Paint;
pub(super) use paint::{PAGE_DEFS, STYLE as PAGE_STYLE, escape};
use plan::{LINE, Plan};
use racehunt_core::interleaving::Interleaving;

/// The diagram of `shown` under a `title`. Ends with a newline.
#[must_use]
pub fn svg(shown: &Interleaving, title: &str) -> String {
    draw(shown, &Plan::of(shown, title, &rows::sentences(shown)), title, Paint::default())
}

/// The same for a page that has [`PAGE_STYLE`] and [`PAGE_DEFS`], once for all its diagrams, and the sentences beside it.
pub(super) fn on_page(shown: &Interleaving) -> String {
    draw(shown, &Plan::of(shown, "", &[]), "", Paint::on_page())
}

fn draw(shown: &Interleaving, plan: &Plan, title: &str, mut paint: Paint) -> String {
    paint.open(plan.width, plan.height, title);
    head(shown, plan, &mut paint);
    marks::lanes(shown, plan, &mut paint);
    for (row, y) in plan.rows.iter().zip(&plan.tops) {
        self::row(shown, plan, *row, *y, &mut paint);
    }
    marks::races(shown, plan, &mut paint);
    legend(shown, plan, &mut paint);
    paint.close()
}

/// The diagram of a finding of the report: the one asked for, by its number or fingerprint, else the first that has an
/// interleaving. `None` if there is none.
#[must_use]
pub fn of_report(report: &Report, which: Option<&str>) -> Option<String> {
    let asked =
        |one: &Distinct<'_>| which.is_none_or(|w| w == one.best.finding.fingerprint || w == one.number.to_string());
    distinct(report).iter().filter(|one| asked(one)).find_map(of_finding)
}

/// The diagram of a finding; `None` where the engine could not tell its steps.
#[must_use]
pub fn of_finding(one: &Distinct<'_>) -> Option<String> {
    let best = one.best.finding;
    let title = format!("{} in {}: {}", best.kind, one.variant(), best.message);
    best.interleaving.as_ref().map(|shown| svg(shown, &title))
}

/// What a report without any interleaving gives.
pub(super) fn nothing() -> String {
    svg(&Interleaving::default(), "no finding has an interleaving")
}

fn head(shown: &Interleaving, plan: &Plan, paint: &mut Paint) {
    let mut y = LINE;
    for line in &plan.title {
        paint.text("rh-title", (16, y), line, "", "");
        y += LINE;
    }
    paint.text("rh-faint", (16, y), &rows::counts(shown), "", "");
    for line in &plan.said {
        y += LINE;
        paint.text("rh-loud", (16, y), line, "", "");
    }
}

fn row(shown: &Interleaving, plan: &Plan, row: Row, top: u32, paint: &mut Paint) {
    let y = top + plan.height_of(row) / 2;
    match row {
        Row::Step { at, times } => step(shown, plan, (at, times), y, paint),
        Row::Again(fold) => {
            let Some(lane) = shown.steps.get(fold.from).and_then(|s| plan.lane(s.actor)) else { return };
            let text = format!("↻ {}–{} ×{}", fold.from + 1, fold.from + fold.len, fold.times);
            paint.text("rh-faint", (lane.text, y + 4), &text, "", "steps that are repeated");
        }
        Row::Switch { to, preempts } => {
            paint.line(if preempts { "rh-switch" } else { "rh-rule" }, (16, y), (plan.width - 16, y));
            if let Some(lane) = shown.steps.get(to - 1).filter(|_| preempts).and_then(|s| plan.lane(s.actor)) {
                paint.tag((lane.text, y), "preempted", "the actor could have gone on");
            }
        }
        Row::Stuck(wait) => {
            let wait = &shown.waits[wait];
            let Some(lane) = plan.lane(wait.actor) else { return };
            let text = format!("✗ {} waits{}", wait.kind, rows::for_whom(shown, wait));
            let title = format!("{text}\n{} {}", wait.object, wait.site);
            paint.boxed("rh-stuck", (lane.text, y), lane.box_of(&text), &text, &title);
            sides(shown, plan, ("✗", &wait.site, wait.object_id, &wait.object), y, paint);
        }
    }
}

fn step(shown: &Interleaving, plan: &Plan, (at, times): (usize, usize), y: u32, paint: &mut Paint) {
    let step = &shown.steps[at];
    let Some(lane) = plan.lane(step.actor) else { return };
    let text = plan::said(shown, at);
    let title = format!("step {}: {} {}\n{}\n{}", at + 1, step.kind, step.label, step.object, step.site);
    let number = if times > 1 { format!("{}–{}", at + 1, at + times) } else { (at + 1).to_string() };
    if step.is_note() {
        paint.text("rh-note", (lane.text, y + 4), &cut(&text, plan::LONGEST), "", &title);
    } else {
        let pair = shown.racing.iter().any(|r| at == r.first || at == r.second);
        let opens = shown.racing.iter().any(|r| at == r.opens || at == r.entered);
        let class = if pair {
            "rh-pair"
        } else if opens {
            "rh-opens"
        } else {
            "rh-box"
        };
        paint.boxed(class, (lane.text, y), lane.box_of(&text), &cut(&text, plan::LONGEST), &title);
    }
    sides(shown, plan, (&number, &step.site, step.object_id, &step.object), y, paint);
}

/// What stands beside the lanes: the number, the place, the object.
fn sides(shown: &Interleaving, plan: &Plan, of: (&str, &str, u32, &str), y: u32, paint: &mut Paint) {
    let (number, site, id, object) = of;
    paint.text("rh-faint", (plan.number, y + 4), number, "end", "");
    paint.text("rh-site", (plan.site, y + 4), &rows::short(site), "", site);
    let name = rows::object(shown, id, object);
    if !name.is_empty() {
        paint.dot((plan.object, y), id);
        paint.text("rh-site", (plan.object + 10, y + 4), &cut(&name, plan::LONGEST), "", object);
    }
}

fn legend(shown: &Interleaving, plan: &Plan, paint: &mut Paint) {
    let mut y = plan.foot;
    for named in &shown.objects {
        paint.dot((22, y - 4), named.id);
        let made = if named.made.is_empty() { String::new() } else { format!("  made at {}", named.made) };
        paint.text("rh-faint", (32, y), &format!("{}{made}", named.name), "", "");
        y += LINE;
    }
    for (count, text) in [(shown.setup.len(), "before, to set the scene"), (shown.drain.len(), "after, to drain it")] {
        if count > 0 {
            let steps = crate::words::counted(count as u64, "step");
            paint.text("rh-faint", (32, y), &format!("{steps} {text}"), "", "");
            y += LINE;
        }
    }
}
