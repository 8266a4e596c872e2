"""The Job of an execution: built by a plugin, hardened by the engine, and read back from its pods.

It uses `api`, `kube` and `telemetry`, and makes no request. On the way out: `builders` (what plugins call), `allowlist` and `hardening`
(what no plugin can get past), `failure_policy`. On the way in: `attempts` reads pods, `termination` their reports, `outcome` decides
between in progress and finished, `failure_cause` explains a failure. `ownership` says which Job and pods belong to which execution.
"""
