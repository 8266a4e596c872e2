"""What the engine reports about itself: stages, traces, metrics, logs and the audit record. Nothing is decided here.

It uses `api` and `settings`. Start with `stage_recorder`, which measures what the engine does for one execution; `stages` are its waits
in status, `spans` turns a recorded execution into a trace, and `otlp` sends that. `metrics` counts as things happen, `collector` reads
state at each scrape, `audit` is the record that the log and `kubernaut history` share.
"""
