"""Pod Security admission: the baseline and restricted standards, enforced or warned about as the namespace's labels say.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from collections.abc import Iterator

from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.model.objects import Object, labels_of, name_of, namespace_of, spec_of
from kubernaut_sandbox.model.statuses import forbidden
from kubernaut_sandbox.model.store import Store

_PREFIX = "pod-security.kubernetes.io"
_LEVELS = ("privileged", "baseline", "restricted")
_BASELINE_CAPABILITIES = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)


def check_pod_security(store: Store, context: RequestContext, pod: Object) -> None:
    """Reject a pod, or warn about one, that violates its namespace's standard."""
    labels = labels_of(store.get("namespaces", "", namespace_of(pod)) or {})
    for mode in ("enforce", "warn"):
        level = labels.get(f"{_PREFIX}/{mode}", "privileged")
        version = labels.get(f"{_PREFIX}/{mode}-version", "latest")
        problems = pod_security_problems(spec_of(pod), level)
        if not problems:
            continue
        violation = f'violate PodSecurity "{level}:{version}": {", ".join(problems)}'
        if mode == "enforce":
            raise forbidden("pods", name_of(pod), f"violates{violation.removeprefix('violate')}")
        context.warnings.append(f"would {violation}")


def pod_security_problems(spec: Object, level: str) -> list[str]:
    """Return how the pod violates the level, in the order and the words of the admission plugin."""
    rank = _LEVELS.index(level) if level in _LEVELS else 0
    problems = list(_baseline(spec)) if rank >= 1 else []
    return problems + (list(_restricted(spec)) if rank == 2 else [])


def _baseline(spec: Object) -> Iterator[str]:
    shared = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    if shared:
        yield f"host namespaces ({', '.join(shared)})"
    if names := [c["name"] for c in _containers(spec) if _context(c).get("privileged")]:
        yield f"privileged ({_container_list(names)} must not set securityContext.privileged=true)"
    added = [c["name"] for c in _containers(spec) if set(_capabilities(c, "add")) - _BASELINE_CAPABILITIES]
    if added:
        field = "securityContext.capabilities.add"
        yield f"non-default capabilities ({_container_list(added)} must not include forbidden capabilities in {field})"


def _restricted(spec: Object) -> Iterator[str]:
    containers, pod = list(_containers(spec)), spec.get("securityContext") or {}
    if names := [c["name"] for c in containers if _context(c).get("allowPrivilegeEscalation") is not False]:
        yield f"allowPrivilegeEscalation != false ({_container_list(names)} must set securityContext.allowPrivilegeEscalation=false)"
    if names := [c["name"] for c in containers if "ALL" not in _capabilities(c, "drop")]:
        yield f'unrestricted capabilities ({_container_list(names)} must set securityContext.capabilities.drop=["ALL"])'
    if names := [c["name"] for c in containers if _context(c).get("runAsNonRoot", pod.get("runAsNonRoot")) is not True]:
        yield f"runAsNonRoot != true (pod or {_container_list(names)} must set securityContext.runAsNonRoot=true)"
    if names := [c["name"] for c in containers if _context(c).get("runAsUser") == 0]:
        yield f"runAsUser=0 ({_container_list(names)} must not set runAsUser=0)"
    if names := [c["name"] for c in containers if _profile(c, pod) not in ("RuntimeDefault", "Localhost")]:
        field, allowed = "securityContext.seccompProfile.type", '"RuntimeDefault" or "Localhost"'
        yield f"seccompProfile (pod or {_container_list(names)} must set {field} to {allowed})"


def _containers(spec: Object) -> Iterator[Object]:
    yield from spec.get("initContainers") or ()
    yield from spec.get("containers") or ()


def _context(container: Object) -> Object:
    return container.get("securityContext") or {}


def _capabilities(container: Object, action: str) -> list[str]:
    return (_context(container).get("capabilities") or {}).get(action) or []


def _profile(container: Object, pod: Object) -> str:
    profile = _context(container).get("seccompProfile") or pod.get("seccompProfile") or {}
    return str(profile.get("type", ""))


def _container_list(names: list[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return f"{'container' if len(names) == 1 else 'containers'} {listed}"
