"""An embedded Kubernetes cluster: enough of it, in one process on loopback, to try things, learn and test without a cluster.

`async with Sandbox() as sandbox:` starts an API server, controllers, and a kubelet that runs containers as local processes.

Reading order:

1. `sandbox` puts the parts together; `cluster` holds what they share; `options` has the timings; `bootstrap` fills a new cluster.
2. `model`: objects, kinds, the versioned store, selectors, patches, and the errors of the API.
3. `access`: users, tokens, RBAC and access reviews.
4. `admission`: what the cluster must allow before a write is accepted, policies included.
5. `registry`: every read and write, with decoding, defaults, validation and deletion.
6. `api`: the HTTP server in front of the registry.
7. `controllers`: what kube-controller-manager and the scheduler do.
8. `kubelet`: pods as processes.
9. `fault_injection`: what a test can make the API server do wrong; `tls`: its certificate.

Expressions, in the rules of custom resources and in admission policies, are the work of the distribution `kubernaut-cel`.

The suite in `tests/conformance/` checks every claim, on the sandbox and on real clusters alike. A feature that the sandbox does
not implement gets 404, or 501 and a Status that names the feature. It accepts the following but behaves differently:

| accepted | what happens |
|---|---|
| images | not pulled or inspected: commands run from the local PATH; a registry host that ends in `.invalid` cannot be pulled from |
| a container without a command | under restartPolicy Always an idle process stands in (Event SandboxStandIn), otherwise StartError |
| the container's file system | the host's; its token, mounts and termination log are below the directory `SANDBOX_POD_ROOT` |
| securityContext | stored and checked by Pod Security admission, never enforced: a process runs as the sandbox's own user |
| memory limits | checked about every 50 ms (anonymous and shared memory of the process tree), then SIGKILL and OOMKilled |
| CPU limits | stored only |
| the node's capacity | far more than the machine has, so that requests fit; `SandboxOptions.node_allocatable` makes it smaller |
| read-only mounts, emptyDir sizes, file modes | stored only |
| SIGKILL to the sandbox itself | the processes of its containers keep running until they exit |
| a process that leaves its session | is not found, and so not killed, when its container ends |
| PersistentVolumes | a volume of the sandbox's classes is a directory, kept until the volume is deleted; its size is not enforced |
| hand-made PersistentVolumes | bound as there; a pod gets a directory of the sandbox, whatever their type; nothing deletes or grows them |
| expansion | `standard` grows at once, `standard-on-restart` when a pod starts (class parameter `resize: on-restart`), `fixed` not at all |
| claims in a StatefulSet, subPath in a claim | rejected |
| pod network, Services, NetworkPolicies | pods share the host's loopback; Services are stored, nothing routes to them |
| readiness probes | carried out, except grpc: such a container is never ready, and an Event says why |
| liveness and startup probes | rejected |
| volumes and environment | ConfigMaps and Secrets are read when the pod starts; later changes do not reach it |
| NetworkPolicies, PriorityClasses | checked and stored without effect |
| HorizontalPodAutoscalers | keep replicas within limits, and report that there are no metrics; `behavior` is stored only; v2 only |
| CEL: cost | no cost limits; an expression may take 10,000 steps through lists |
| CEL: types | schemas are not used: `status.typeChecking` is empty; lists and maps may have items of several types |
| CEL: functions | without `url`, `semver`, `string(ip)`, two-variable macros, and `sum` of durations; `find` takes Python's patterns |
| auditAnnotations of a policy | evaluated, and written nowhere |
| variables of a policy, of an optional type | rejected with 501; so is a NUL character in an object on which a policy decides |
| mutating policies | lists are merged by the keys of strategic merge patches; `Object{...}` is checked when evaluated |
| the scheduler's bindings | written directly, without admission |
| affinity, tolerations, taints, topology, priorities | stored only; nodeSelector, cordoning and requests have an effect |
| schedulingGates, orphans that a workload's selector matches | no effect: gated pods are scheduled, orphans are not adopted |
| PodDisruptionBudgets and the scheduler | no pod is preempted; a stale DisruptionTarget condition stays |
| a list in pages (`limit`, `continue`) | later pages show the present state, not the state of the first page |
| managedFields | not stored |
| server-side apply | rejected |
| ephemeral containers | admission decides on them first; what it accepts gets 501 |
| a Deployment's rolling update | new pods first, then old ones, within maxSurge and maxUnavailable, without proportional scaling |
"""

from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.options import SandboxOptions
from kubernaut_sandbox.sandbox import Sandbox

__all__ = ["ApiError", "Sandbox", "SandboxOptions"]
