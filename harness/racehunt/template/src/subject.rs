//! How the outbox is hunted: its variants, its ops, and what became of each item.

use racehunt::{
    Actor, Call, Env, Id, Instance, Ledger, OpError, OpKind, Opener, ParamSpec, Params, Subject, SubjectError, Variant,
};
use std::sync::Arc;
use {{crate}}::Outbox;

/// The outbox, as scenarios name it.
pub struct OutboxSubject;

/// Numbers of the ops: their places in `ops`.
const PUT: usize = 0;

impl Subject for OutboxSubject {
    fn name(&self) -> &'static str {
        "outbox"
    }

    fn about(&self) -> &'static str {
        "Any thread puts items in, and a courier takes out all there are."
    }

    fn variants(&self) -> &'static [Variant] {
        &[
            Variant { name: "planted", about: "takes in two steps: what is put in between is lost" },
            Variant { name: "fixed", about: "takes in one step" },
        ]
    }

    fn ops(&self) -> &'static [OpKind] {
        &[
            OpKind { name: "put", about: "puts an item in" },
            OpKind { name: "take", about: "takes out all there are" },
        ]
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn open(&self, variant: &str, _: &Params, _: &Env) -> Result<Opener, SubjectError> {
        let take: fn(&Outbox<Id>) -> Vec<Id> = match variant {
            "planted" => Outbox::take_in_two_steps,
            _ => Outbox::take,
        };
        // Called for every execution: what is made inside belongs to the engine that runs it.
        Ok(Box::new(move || Arc::new(Open { outbox: Outbox::new(), take })))
    }
}

/// One live outbox, shared by all actors.
struct Open {
    outbox: Outbox<Id>,
    take: fn(&Outbox<Id>) -> Vec<Id>,
}

impl Instance for Open {
    fn apply(&self, call: Call, actor: &mut Actor) -> Result<(), OpError> {
        if call.op == PUT {
            let id = actor.next_id();
            self.outbox.put(id);
            actor.ledger.accepted.push(id);
        } else {
            actor.ledger.delivered.extend((self.take)(&self.outbox));
        }
        Ok(())
    }

    /// After all actors have ended: what is still inside is not lost.
    fn rest(&self, ledger: &mut Ledger) {
        ledger.retained.extend(self.outbox.take());
    }
}
