//! What a step acts on: one module per kind of step.
