"""The one door to Kubernetes: requests, watches, caches, the work queue and leader election.

It uses `api`, `telemetry` and `settings`, and knows nothing of actions or executions beyond their resource. Start with `client`;
`transport` is the HTTP below it, the package `config` says where to and as whom, and `api_errors` what refusals mean. The engine reads
through `informer` and is driven by `workqueue`; the command line follows objects with `follow`.
"""
