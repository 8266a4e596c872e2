"""What the engine tells of itself: stages, traces, metrics, logs and the audit record."""
