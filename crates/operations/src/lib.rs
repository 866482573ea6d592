//! Operations as code: parse, check with spans, plan.
