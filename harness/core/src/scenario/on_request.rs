//! `on_request`: why a scenario runs only when it is asked for.

use super::text::quoted;
use super::walk::Node;

/// The reason: one line, because it is shown in a list of what was left out.
pub(super) fn read(node: &Node<'_>) -> Option<String> {
    let reason = node.string("what it needs or costs, such as \"needs sentry-arroyo for the python3 in PATH\"")?;
    if let Some(wrong) = reason.chars().find(|c| c.is_control()) {
        node.fail(format!("`on_request` cannot have {}", quoted(&wrong.to_string())), "write the reason on one line");
        return None;
    }
    Some(reason)
}
