"""The kinds that the API server serves: the built-in ones in a table, and custom ones as their definitions are created.

A `Kind` says where in the URL space its objects are, and which subresources and verbs they have. `Kinds` finds a kind by its URL
or by apiVersion and kind, and raises a 404 for one that is not served.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import ApiError, no_such_resource

CRUD = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Kind:
    """A served resource in one version."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = CRUD
    singular: str = ""
    list_kind: str = ""
    custom: Object | None = field(default=None, compare=False, hash=False)
    """The version entry of the CustomResourceDefinition, for a custom kind."""
    has_generation: bool = False
    """Whether the API server keeps metadata.generation."""
    unconditional_update: bool = True
    """Whether an update without resourceVersion is accepted."""
    create_on_update: bool = False
    """Whether an update of an object that does not exist creates it."""

    @property
    def resource(self) -> str:
        """Return `plural.group`: the key in the store, and the name of the resource in messages."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """Return `group/version`, as in an object's apiVersion."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_kind(self) -> str:
        """Return `Kind.group`, as in validation messages."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def list_kind_name(self) -> str:
        """Return the kind of a list of these objects."""
        return self.list_kind or f"{self.kind}List"


_ALL = ("all",)
_REVIEW = ("create",)
_STATUS_SCALE = ("status", "scale")
_RBAC = "rbac.authorization.k8s.io"
_AUTHZ = "authorization.k8s.io"


def _admission_policies(flavor: str) -> tuple[Kind, Kind]:
    """Return the kinds of a policy and its binding."""
    policy, plural = f"{flavor}AdmissionPolicy", f"{flavor.lower()}admissionpolic"
    subresources = ("status",) if flavor == "Validating" else ()
    return (
        _admission_kind(f"{plural}ies", policy, subresources),
        _admission_kind(f"{plural}ybindings", f"{policy}Binding"),
    )


def _admission_kind(plural: str, kind: str, subresources: tuple[str, ...] = ()) -> Kind:
    return Kind(
        "admissionregistration.k8s.io",
        "v1",
        plural,
        kind,
        False,
        (),
        ("api-extensions",),
        subresources,
        has_generation=True,
        unconditional_update=False,
    )


BUILT_IN: tuple[Kind, ...] = (
    Kind(
        "",
        "v1",
        "namespaces",
        "Namespace",
        False,
        ("ns",),
        (),
        ("status", "finalize"),
        tuple(v for v in CRUD if v != "deletecollection"),
    ),
    Kind("", "v1", "nodes", "Node", False, ("no",), (), ("status",)),
    Kind("", "v1", "configmaps", "ConfigMap", True, ("cm",)),
    Kind("", "v1", "secrets", "Secret"),
    Kind("", "v1", "serviceaccounts", "ServiceAccount", True, ("sa",), (), ("token",)),
    Kind(
        "",
        "v1",
        "pods",
        "Pod",
        True,
        ("po",),
        _ALL,
        ("status", "log", "eviction", "ephemeralcontainers"),
        has_generation=True,
    ),
    Kind("", "v1", "services", "Service", True, ("svc",), _ALL, ("status",)),
    Kind("", "v1", "events", "Event", True, ("ev",), create_on_update=True),
    Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",), (), ("status",)),
    Kind("", "v1", "persistentvolumes", "PersistentVolume", False, ("pv",), (), ("status",)),
    Kind("", "v1", "resourcequotas", "ResourceQuota", True, ("quota",), (), ("status",)),
    Kind("apps", "v1", "deployments", "Deployment", True, ("deploy",), _ALL, _STATUS_SCALE, has_generation=True),
    Kind("apps", "v1", "replicasets", "ReplicaSet", True, ("rs",), _ALL, _STATUS_SCALE, has_generation=True),
    Kind("apps", "v1", "statefulsets", "StatefulSet", True, ("sts",), _ALL, _STATUS_SCALE, has_generation=True),
    Kind("apps", "v1", "daemonsets", "DaemonSet", True, ("ds",), _ALL, ("status",), has_generation=True),
    Kind("apps", "v1", "controllerrevisions", "ControllerRevision"),
    Kind("batch", "v1", "jobs", "Job", True, (), _ALL, ("status",), has_generation=True),
    Kind("batch", "v1", "cronjobs", "CronJob", True, ("cj",), _ALL, ("status",), has_generation=True),
    Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, ("hpa",), _ALL, ("status",)),
    Kind("coordination.k8s.io", "v1", "leases", "Lease", unconditional_update=False, create_on_update=True),
    Kind(
        "policy",
        "v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        True,
        ("pdb",),
        (),
        ("status",),
        has_generation=True,
        unconditional_update=False,
        create_on_update=True,
    ),
    Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True, ("netpol",), has_generation=True),
    Kind("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, ("pc",), has_generation=True),
    Kind("storage.k8s.io", "v1", "storageclasses", "StorageClass", False, ("sc",)),
    *_admission_policies("Validating"),
    *_admission_policies("Mutating"),
    Kind(_RBAC, "v1", "roles", "Role", create_on_update=True),
    Kind(_RBAC, "v1", "rolebindings", "RoleBinding", create_on_update=True),
    Kind(_RBAC, "v1", "clusterroles", "ClusterRole", False, create_on_update=True),
    Kind(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", False, create_on_update=True),
    Kind(_AUTHZ, "v1", "subjectaccessreviews", "SubjectAccessReview", False, verbs=_REVIEW),
    Kind(_AUTHZ, "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", False, verbs=_REVIEW),
    Kind(_AUTHZ, "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", False, verbs=_REVIEW),
    Kind(_AUTHZ, "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", True, verbs=_REVIEW),
    Kind("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", False, verbs=_REVIEW),
    Kind("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", False, verbs=_REVIEW),
    Kind(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        False,
        ("crd", "crds"),
        ("api-extensions",),
        ("status",),
        has_generation=True,
        unconditional_update=False,
    ),
)


class Kinds:
    """The kinds that are served at this moment."""

    def __init__(self) -> None:
        self._by_path = {(kind.group, kind.version, kind.plural): kind for kind in BUILT_IN}

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._by_path.values())

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        """Return the kind that is served at that URL; None when there is none."""
        return self._by_path.get((group, version, plural))

    def at(self, group: str, version: str, plural: str) -> Kind:
        """Return the kind that is served at that URL; raise a 404 when there is none."""
        kind = self.find(group, version, plural)
        if kind is None:
            raise no_such_resource()
        return kind

    def of(self, obj: Object) -> Kind:
        """Return the kind of a manifest; raise a 404 when it is not served."""
        group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
        for kind in self:
            if (kind.group, kind.version, kind.kind) == (group, version, obj.get("kind")):
                return kind
        message = f'no matches for kind "{obj.get("kind")}" in version "{obj.get("apiVersion")}"'
        raise ApiError(404, "NotFound", message)

    def by_resource(self, resource: str) -> Kind:
        """Return the kind with that `plural.group`; of several versions, the one that is stored."""
        versions = [kind for kind in self if kind.resource == resource]
        if not versions:
            raise no_such_resource()
        return next((kind for kind in versions if kind.custom is None or kind.custom.get("storage")), versions[0])

    def replace_custom(self, resource: str, versions: list[Kind]) -> None:
        """Serve exactly these versions of a custom resource from now on."""
        self._by_path = {key: kind for key, kind in self._by_path.items() if kind.resource != resource}
        self._by_path |= {(kind.group, kind.version, kind.plural): kind for kind in versions}


def in_version(kind: Kind, obj: Object) -> Object:
    """Return the object with the apiVersion and kind of this version."""
    if obj.get("apiVersion") == kind.api_version and obj.get("kind") == kind.kind:
        return obj
    return {**obj, "kind": kind.kind, "apiVersion": kind.api_version}
