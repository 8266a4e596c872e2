"""The objects of a new cluster: its namespaces, its node, and the roles that every client relies on."""

from __future__ import annotations

from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.cluster import NODE, PROVISIONER, VERSION, Cluster
from kubernaut_sandbox.model.objects import Object, now
from kubernaut_sandbox.options import SandboxOptions

_RBAC = "rbac.authorization.k8s.io"
_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_AMPLE = {"cpu": "1000", "memory": "4Ti", "ephemeral-storage": "4Ti", "pods": "10000"}
"""What pods can request on the node where the options do not say."""
_VIEWED = {
    "": (
        "configmaps",
        "events",
        "persistentvolumeclaims",
        "pods",
        "pods/log",
        "resourcequotas",
        "serviceaccounts",
        "services",
    ),
    "apps": (
        "controllerrevisions",
        "daemonsets",
        "deployments",
        "deployments/scale",
        "replicasets",
        "statefulsets",
        "statefulsets/scale",
    ),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "networking.k8s.io": ("networkpolicies",),
    "policy": ("poddisruptionbudgets",),
}
"""What the role `view` reads in a namespace, and `edit` writes."""
_DISCOVERY = [
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
]


def bootstrap(cluster: Cluster) -> None:
    """Create the objects of a new cluster."""
    context = RequestContext()
    for name in _NAMESPACES:
        cluster.registry.create(context, cluster.kinds.by_resource("namespaces"), "", {"metadata": {"name": name}})
    node = cluster.registry.create(context, cluster.kinds.by_resource("nodes"), "", _node())
    cluster.registry.update(
        context,
        cluster.kinds.by_resource("nodes"),
        "",
        NODE,
        {**node, "status": _node_status(cluster.options)},
        "status",
    )
    for storage_class in _storage_classes():
        cluster.registry.create(context, cluster.kinds.by_resource("storageclasses.storage.k8s.io"), "", storage_class)
    for name, rules, groups in _roles():
        role = {"metadata": _labelled(name), "rules": rules}
        cluster.registry.create(context, cluster.kinds.by_resource(f"clusterroles.{_RBAC}"), "", role)
        if groups:
            subjects = [{"kind": "Group", "apiGroup": _RBAC, "name": group} for group in groups]
            reference = {"kind": "ClusterRole", "apiGroup": _RBAC, "name": name}
            binding = {"metadata": _labelled(name), "subjects": subjects, "roleRef": reference}
            cluster.registry.create(context, cluster.kinds.by_resource(f"clusterrolebindings.{_RBAC}"), "", binding)


def _storage_classes() -> list[Object]:
    """Return the classes: volumes that grow at once, that need a restart of the pod to grow, and that do not grow."""
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    standard = {"provisioner": PROVISIONER, "allowVolumeExpansion": True}
    return [
        {**standard, "metadata": {"name": "standard", "annotations": default}},
        {**standard, "metadata": {"name": "standard-on-restart"}, "parameters": {"resize": "on-restart"}},
        {"metadata": {"name": "fixed"}, "provisioner": PROVISIONER},
    ]


def _labelled(name: str) -> Object:
    return {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}


def _roles() -> list[tuple[str, list[Object], list[str]]]:
    everything = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, {"nonResourceURLs": ["*"], "verbs": ["*"]}]
    reviews = {
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        "verbs": ["create"],
    }
    read = ["get", "list", "watch"]
    write = ["create", "delete", "deletecollection", "patch", "update"]
    view = [{"apiGroups": [group], "resources": list(resources), "verbs": read} for group, resources in _VIEWED.items()]
    edit = [
        {"apiGroups": [group], "resources": list(resources), "verbs": [*read, *write]}
        for group, resources in (*_VIEWED.items(), ("", ("secrets", "pods/eviction", "serviceaccounts/token")))
    ]
    admin = [{"apiGroups": [_RBAC], "resources": ["roles", "rolebindings"], "verbs": [*read, *write]}]
    self_review = {"apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"]}
    return [
        ("cluster-admin", everything, ["system:masters"]),
        ("admin", [*edit, *admin], []),
        ("edit", edit, []),
        ("view", view, []),
        ("system:basic-user", [reviews, self_review], ["system:authenticated"]),
        ("system:discovery", [{"nonResourceURLs": _DISCOVERY, "verbs": ["get"]}], ["system:authenticated"]),
    ]


def _node() -> Object:
    labels = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}
    return {"metadata": {"name": NODE, "labels": labels}, "spec": {}}


def _node_status(options: SandboxOptions) -> Object:
    amounts = {**_AMPLE, **options.node_allocatable}
    moment = now()
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
        "lastHeartbeatTime": moment,
        "lastTransitionTime": moment,
    }
    info = dict.fromkeys(
        ("architecture", "bootID", "kernelVersion", "kubeProxyVersion", "machineID", "osImage", "systemUUID"), ""
    )
    info |= {"kubeletVersion": VERSION, "containerRuntimeVersion": "sandbox://", "operatingSystem": "linux"}
    addresses = [{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": NODE}]
    return {
        "capacity": amounts,
        "allocatable": amounts,
        "conditions": [ready],
        "nodeInfo": info,
        "addresses": addresses,
    }
