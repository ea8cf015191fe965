//! What each kind of finding is, in one sentence.

use racehunt_core::finding::FindingKind as Kind;

pub(super) fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Lost => "Accepted items are nowhere at rest.",
        Kind::Duplicated => "Items were delivered more than once.",
        Kind::Phantom => "Items came out that nobody put in.",
        Kind::OverDelivered => "There are more deliveries than accepted items.",
        Kind::Error => "A call answered with an error.",
        Kind::Panic => "An actor panicked.",
        Kind::Deadlock => "All actors left wait for each other.",
        Kind::Stall => "There was no progress for longer than the limit.",
        Kind::Livelock => "The bound on steps was hit.",
        Kind::Latency => "A latency limit was broken.",
        Kind::DataRace => "Two accesses to a plain cell are not synchronised.",
        Kind::OverBound => "More items were inside than the component's own bound allows.",
        Kind::Unreadable => "An item stood where all can see it and did not parse.",
        Kind::Missed => "A listing left out what was there throughout.",
        Kind::Miscount => "A call's count is not what it did.",
        Kind::Misordered => "Items left in another order than the contract says.",
        Kind::SideEffect => "A call that said no had done something.",
        Kind::LateCall => "A handler was called after the call that took it out had answered.",
        Kind::Stale => "What was read is not what is there, after the time that the contract allows.",
        Kind::Undetected => "What had failed was not noticed in the time that the contract allows.",
        Kind::FalseAlarm => "What had not failed was declared failed.",
        Kind::Invariant => "An invariant of the component is broken.",
    }
}
