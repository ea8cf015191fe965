//! Where everything stands, in pixels: text is as wide as a fixed pitch makes it, so nothing has to be measured.

use super::rows::{self, Row};
use crate::words::clean;
use racehunt_core::interleaving::{Hold, Interleaving};

/// From one line of text to the next.
pub(super) const LINE: u32 = 19;

/// Width of a character.
const CHAR: f64 = 7.3;

/// What a box says at most; all of it stands in its tooltip.
pub(super) const LONGEST: usize = 44;

/// Width of a bar, with the gap to the next.
pub(super) const BAR: u32 = 9;

const STEP: u32 = 26;
const SWITCH: u32 = 14;
const PREEMPTS: u32 = 24;

/// One actor's lane.
pub(super) struct Lane {
    pub(super) actor: u32,
    pub(super) name: String,
    /// Left edge and width.
    pub(super) left: u32,
    pub(super) width: u32,
    /// Left edge of its boxes, and how wide they may be.
    pub(super) text: u32,
    pub(super) room: u32,
    /// The holds by bar, from the left; the waits have the bar behind the last.
    pub(super) bars: Vec<Vec<Hold>>,
}

pub(super) struct Plan {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) title: Vec<String>,
    /// What is marked, in words.
    pub(super) said: Vec<String>,
    pub(super) lanes: Vec<Lane>,
    pub(super) rows: Vec<Row>,
    /// Upper edge of each row.
    pub(super) tops: Vec<u32>,
    /// Upper edge of the lanes and of the legend's first line.
    pub(super) head: u32,
    pub(super) foot: u32,
    /// Right edge of the numbers, left edges of places and objects.
    pub(super) number: u32,
    pub(super) site: u32,
    pub(super) object: u32,
}

/// Width of `text`.
pub(super) fn wide(chars: usize) -> u32 {
    (chars as f64 * CHAR).ceil() as u32
}

/// What the box of a step says.
pub(super) fn said(shown: &Interleaving, at: usize) -> String {
    let Some(step) = shown.steps.get(at) else { return String::new() };
    let fold = shown.folds.iter().find(|f| f.from == at && f.len == 1);
    let many = fold.map_or_else(String::new, |f| format!(" ×{}", f.times));
    format!("{}{many}", rows::what_and_value(step))
}

fn longest<'t>(texts: impl Iterator<Item = std::borrow::Cow<'t, str>>, least: usize) -> usize {
    texts.map(|t| t.chars().count()).max().unwrap_or(0).clamp(least, LONGEST)
}

impl Plan {
    /// With these `sentences` above the lanes.
    pub(super) fn of(shown: &Interleaving, title: &str, sentences: &[String]) -> Self {
        let rows = rows::rows(shown);
        let number = 16 + wide(9);
        let mut left = number + 12;
        let mut lanes = Vec::new();
        for actor in rows::actors(shown) {
            let lane = Lane::of(shown, actor, left);
            left += lane.width + 6;
            lanes.push(lane);
        }
        let site = left + 10;
        let sites = shown.steps.iter().map(|s| rows::short(&s.site).into());
        let object = site + wide(longest(sites.chain(shown.waits.iter().map(|w| rows::short(&w.site).into())), 8)) + 16;
        let names = shown.steps.iter().map(|s| rows::object(shown, s.object_id, &s.object).into());
        let width = (object + wide(longest(names, 8)) + 30).max(640);
        let most = (f64::from(width - 32) / CHAR) as usize;
        let wrap = |text: &str| {
            let lines = textwrap::wrap(text, most.max(20));
            lines.into_iter().map(std::borrow::Cow::into_owned).collect::<Vec<_>>()
        };
        let title = if title.is_empty() { Vec::new() } else { wrap(&crate::words::cut(&clean(title), 400)) };
        let said: Vec<String> = sentences.iter().flat_map(|s| wrap(s)).collect();
        let head = LINE * (title.len() + said.len() + 2) as u32;
        let mut plan =
            Self { width, height: 0, title, said, lanes, rows, tops: Vec::new(), head, foot: 0, number, site, object };
        let mut y = head + 30;
        for row in plan.rows.clone() {
            plan.tops.push(y);
            y += plan.height_of(row);
        }
        plan.foot = y + 30;
        let lines = shown.objects.len() + usize::from(!shown.setup.is_empty()) + usize::from(!shown.drain.is_empty());
        plan.height = plan.foot + LINE * lines as u32;
        plan
    }

    pub(super) fn lane(&self, actor: u32) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.actor == actor)
    }

    #[expect(clippy::unused_self, reason = "reads as what it is at its callers")]
    pub(super) fn height_of(&self, row: Row) -> u32 {
        match row {
            Row::Step { .. } | Row::Again(_) | Row::Stuck(_) => STEP,
            Row::Switch { preempts: true, .. } => PREEMPTS,
            Row::Switch { .. } => SWITCH,
        }
    }

    /// Middle of the row that shows the step, or of the one that stands for it.
    pub(super) fn y_of(&self, shown: &Interleaving, at: usize) -> Option<u32> {
        let shows = |row: &Row| !matches!(row, Row::Switch { .. } | Row::Stuck(_)) && row.at(shown) >= at;
        let row = self.rows.iter().position(shows)?;
        Some(self.tops[row] + self.height_of(self.rows[row]) / 2)
    }

    /// Lower end of the rows.
    pub(super) fn bottom(&self) -> u32 {
        self.foot - 24
    }
}

impl Lane {
    /// Width of a box with that text.
    pub(super) fn box_of(&self, text: &str) -> u32 {
        (wide(text.chars().count().min(LONGEST)) + 12).min(self.room)
    }

    fn of(shown: &Interleaving, actor: u32, left: u32) -> Self {
        let mut bars: Vec<Vec<Hold>> = Vec::new();
        for hold in shown.holds.iter().filter(|h| h.actor == actor) {
            let free = |bar: &Vec<Hold>| bar.last().is_some_and(|last| last.to.is_some_and(|to| to < hold.from));
            match bars.iter().position(free) {
                Some(bar) => bars[bar].push(hold.clone()),
                None => bars.push(vec![hold.clone()]),
            }
        }
        let name = rows::actor(shown, actor);
        let own = |at: &usize| shown.steps[*at].actor == actor;
        let said = (0..shown.steps.len()).filter(own).map(|at| self::said(shown, at).into());
        let stuck = shown.waits.iter().filter(|w| w.actor == actor && w.to.is_none());
        let stuck = stuck.map(|w| format!("✗ {} waits{}", w.kind, rows::for_whom(shown, w)).into());
        let room = wide(longest(said.chain(stuck).chain([name.as_str().into()]), 12)) + 14;
        let text = left + 12 + BAR * (bars.len() as u32 + 1);
        Self { actor, name, left, width: text + room + 10 - left, text, room, bars }
    }
}
