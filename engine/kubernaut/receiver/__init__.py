"""Takes Alertmanager's webhooks and begins the runs of runbooks that ask for their alerts, as whoever sent the webhook.

It may use everything below the command line, and creates only through `caller`. It has no rights but to read runbooks: what it creates, it
creates with the bearer token that came with the webhook. Start with `server`, which answers a webhook (`webhook` is its content), then
`delivery`, which decides on each alert: `runbook_store` and `matching` find the runbooks, `firing` begins their runs, `resolved` withdraws
what has not started. Every decision is a `decisions.Decision`, which `audit`, `metrics` and the HTTP status follow from. `listener` bounds
what strangers can hold open, `serving_certificate` is reloaded, `rate_limits` bounds what is created, and `process` wires all of it.
"""
