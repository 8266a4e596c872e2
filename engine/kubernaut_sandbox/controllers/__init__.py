"""The controllers: what kube-controller-manager and the scheduler do in a real cluster.

Start with `loop`: a Controller names the keys that a change concerns, and syncs one key at a time; a ControllerLoop drives it.
`workloads` is the base of `deployments` (with `rollouts`), `replicasets`, `statefulsets` and `daemonsets` (with `revisions`) and
`jobs` (with `job_state` and `pod_failure_policy`), which create and delete pods through `pods`. `cronjobs` starts
Jobs; `deployment_revisions` has the annotations of ReplicaSets. `autoscalers`, `claims`, `customresourcedefinitions`,
`disruptions`, `garbage_collector`, `namespaces`, `resourcequotas`, `scheduler`, `ttl_after_finished` and `volumes` are
controllers of their own; `events` records Events, and `manager` starts and stops all of them. Uses `model`, `registry` and the `cluster`.
"""
