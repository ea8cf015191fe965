//! What a sketch and the uncertain fates beside it come to.

use super::Sketch;
use crate::id::Id;
use crate::ledger::{Ledger, Settlement, Unrecovered};

impl Sketch {
    /// What [`Ledger::settle`] says of all that was put in here and of `rest` together, `rest` with the uncertain fates.
    ///
    /// Where the two differ: fates that come out are not told apart here. So an id among `rest.perhaps_delivered` that was
    /// seen twice counts as seen by those who could not know, even if it was delivered twice. And of an actor
    /// with more than 1,024 gaps between its accepted ids, one of a refused call that came out is among the duplicated.
    #[must_use]
    pub fn settle(&self, rest: &Ledger) -> Settlement {
        let (mut all, mut rest) = (self.clone(), rest.clone());
        all.fold(&mut rest);
        for list in [&mut rest.uncertain, &mut rest.perhaps_evicted, &mut rest.perhaps_delivered] {
            list.sort_unstable();
        }
        let is = |list: &[Id], id: Id| list.binary_search(&id).is_ok();
        let decoded = all.decode();
        let mut out = Settlement { totals: all.totals, ..Settlement::default() };
        for (id, net) in decoded.ids {
            let accepted = all.accepted.has(id);
            let seen = i64::from(accepted) - net;
            if net > 0 && !is(&rest.perhaps_evicted, id) {
                out.lost.push(id);
            }
            if seen > 0 && !accepted && !is(&rest.uncertain, id) {
                out.phantom.push(id);
            }
            if seen > 1 && !(seen == 2 && is(&rest.perhaps_delivered, id)) {
                out.duplicated.push(id);
            }
        }
        let totals = &mut out.totals;
        totals.uncertain = rest.uncertain.len() as u64;
        totals.lost = out.lost.len() as u64;
        totals.duplicated = out.duplicated.len() as u64;
        totals.phantom = out.phantom.len() as u64;
        if let Some(left) = decoded.left {
            // Each uncertain id may have come out, each that is perhaps given up may be nowhere.
            let lost = left.missing.saturating_sub(rest.perhaps_evicted.len() as u64);
            let extra = left.extra.saturating_sub((rest.uncertain.len() + rest.perhaps_delivered.len()) as u64);
            totals.lost += lost;
            totals.duplicated += extra;
            out.unrecovered = Some(Unrecovered { lost, extra, cells: left.cells });
        }
        out
    }
}
