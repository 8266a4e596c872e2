"""What must be true before a Job is created, behind one decision: admitted, rejected or deferred.

It uses `plugins` and `kube`. Start with `admission`, which asks in this order: `validation` (action, parameters, plugin, `policies`,
`access_review`), `rate_limits` (cooldown and budget), `concurrency` (one execution per target, and so many in all). `decisions` are the
three answers.
"""
