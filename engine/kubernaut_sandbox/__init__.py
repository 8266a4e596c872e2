"""The embedded cluster: enough of Kubernetes, in one process on loopback, to try, learn and test without a cluster.

`async with Sandbox() as sandbox:` starts an API server, controllers and a kubelet that runs containers as local processes.
What it claims is checked by `tests/conformance/`, on it and on real clusters alike. What it does not know it refuses, with
404, or with 501 and a Status that names the feature. What it takes and does differently is this, and no more:

| taken, but different | what really happens |
|---|---|
| images | not pulled, not looked into: commands run from the local PATH; a registry host ending in `.invalid` cannot be pulled |
| a container without a command | an idle process stands in under restartPolicy Always (Event SandboxStandIn), else StartError |
| the container's file system | the host's; `SANDBOX_POD_ROOT` is where its token, mounts and termination log are |
| securityContext | recorded and checked by Pod Security admission, never enforced: a process runs as the sandbox's own user |
| memory limits | looked at about every 50 ms (anonymous and shared memory of the process tree), then SIGKILL and OOMKilled |
| CPU limits and requests | recorded only; every pod fits the node |
| read-only mounts, emptyDir sizes, file modes | recorded only |
| a sandbox that is itself killed with SIGKILL | leaves its containers' processes running to their own end |
| a process that leaves its session | is not found again when its container ends |
| pod network, Services, NetworkPolicies | pods share the host's loopback; Services are kept, nothing routes to them |
| readiness probes | those that run a command; others count as ready. Liveness and startup probes are refused |
| volumes and environment | ConfigMaps and Secrets are read when the pod starts, not followed |
| NetworkPolicies, PriorityClasses, DaemonSets | checked and kept; they move nothing, nobody makes the DaemonSets' pods |
| PodDisruptionBudgets | checked and kept; evicting a running pod that one selects is refused |
| admission policies and their bindings | a dry run checks their fields, not their CEL; none is evaluated, so a real write gets 501 |
| affinity, tolerations, topology, priorities | recorded only; nodeSelector and cordoning count |
| a list in pieces (`limit`, `continue`) | later pieces show the present state, not that of the first piece |
| managedFields | not kept |
| server-side apply | refused |
| CEL in schemas | evaluated without cost limits and without Kubernetes' own libraries (quantity, url, ip, format) |
| a Deployment's rolling update | new pods first, then old ones, within maxSurge and maxUnavailable, without proportional scaling |
"""

from kubernaut_sandbox.options import SandboxOptions
from kubernaut_sandbox.sandbox import Sandbox

__all__ = ["Sandbox", "SandboxOptions"]
