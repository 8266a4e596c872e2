"""Makes executions from a runbook, and finds what is wrong with one without a cluster.

It uses `api`, `plugins`, `kube`, and `admission` for how parameters are checked. Start with `expansion`, which turns a runbook and the
caller's `arguments` into a run: the executions to create, in their order. `references` replaces `$(params.NAME)`, `steps` is the graph that
`after` and `undoes` make, and `check` adds what only the installed actions know. `creation` alone talks to a cluster, as the caller.
"""
