"""The kubelet: runs the pods that are bound to the node as local processes, and reports their status.

Start with `kubelet`, which starts a worker (`pod_worker`) for each pod; that starts a runner (`containers`) for each container.
`process` is the process itself; `rootfs`, `volumes`, `environment` and `references` prepare what it finds; `probes` checks its
readiness; `states` and `pod_status` describe it in the pod's status; `logs` serves its output. Uses `model`, `access`,
`registry`, the `cluster`, the Events of `controllers`, and the query parameters of `api`.
"""
