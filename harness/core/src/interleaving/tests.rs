//! Tests of what is worked out from the steps.
