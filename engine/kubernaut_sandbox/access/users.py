"""The users that make requests: administrators, ServiceAccounts, the sandbox's own controllers, and anyone else."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubernaut_sandbox.model.objects import Object

MASTERS = "system:masters"
_AUTHENTICATED = "system:authenticated"
_ACCOUNT_PREFIX = "system:serviceaccount:"


@dataclass(frozen=True, slots=True)
class User:
    """An authenticated identity."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    is_component: bool = False
    """Whether it is a part of the sandbox itself, which needs no role."""

    @property
    def is_master(self) -> bool:
        """Whether the user may do everything, without any role."""
        return self.is_component or MASTERS in self.groups

    def info(self) -> Object:
        """Return the userInfo document."""
        info: Object = {"username": self.name, "groups": list(self.groups)}
        if self.uid:
            info["uid"] = self.uid
        if self.extra:
            info["extra"] = {key: list(values) for key, values in self.extra}
        return info


ADMIN = User("kubernetes-admin", (MASTERS, _AUTHENTICATED))


def component_user(name: str) -> User:
    """Return the identity of a part of the sandbox itself: a controller, the scheduler, the kubelet or the API server."""
    known = _COMPONENTS.get(name) or user_by_name(account_user_name("kube-system", name))
    return User(known.name, known.groups, is_component=True)


def user_by_name(name: str) -> User:
    """Return the user of that name, with the groups that Kubernetes itself would assign."""
    if name == ADMIN.name:
        return ADMIN
    if account := service_account_of(name):
        namespace, _ = account
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", _AUTHENTICATED)
        return User(name, groups)
    return User(name, (_AUTHENTICATED,))


def account_user_name(namespace: str, name: str) -> str:
    """Return the user name of a ServiceAccount."""
    return f"{_ACCOUNT_PREFIX}{namespace}:{name}"


def service_account_of(user_name: str) -> tuple[str, str] | None:
    """Return the namespace and name of the ServiceAccount that the user is; None for any other user."""
    namespace, _, name = user_name.removeprefix(_ACCOUNT_PREFIX).partition(":")
    return (namespace, name) if user_name.startswith(_ACCOUNT_PREFIX) and namespace and name else None


_COMPONENTS = {
    "kubelet": User("system:node:sandbox", ("system:nodes", _AUTHENTICATED)),
    "default-scheduler": User("system:kube-scheduler", (_AUTHENTICATED,)),
    "crd-controller": User("system:apiserver", (MASTERS, _AUTHENTICATED)),
}
"""Parts that are not controllers with a ServiceAccount of their own."""
