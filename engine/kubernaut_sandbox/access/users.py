"""The users that make requests: administrators, ServiceAccounts, the sandbox's own controllers, and anyone else."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubernaut_sandbox.model.objects import Object

MASTERS = "system:masters"
_ACCOUNT_PREFIX = "system:serviceaccount:"


@dataclass(frozen=True, slots=True)
class User:
    """An authenticated identity."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())

    @property
    def is_master(self) -> bool:
        """Whether the user may do everything, without any role."""
        return MASTERS in self.groups

    def info(self) -> Object:
        """Return the userInfo document."""
        info: Object = {"username": self.name, "groups": list(self.groups)}
        if self.uid:
            info["uid"] = self.uid
        if self.extra:
            info["extra"] = {key: list(values) for key, values in self.extra}
        return info


ADMIN = User("kubernetes-admin", (MASTERS, "system:authenticated"))


def controller_user(name: str) -> User:
    """Return the identity of one of the sandbox's own controllers."""
    return User(f"{_ACCOUNT_PREFIX}kube-system:{name}", (MASTERS, "system:authenticated"))


def user_by_name(name: str) -> User:
    """Return the user of that name, with the groups that Kubernetes itself would assign."""
    if name == ADMIN.name:
        return ADMIN
    if account := service_account_of(name):
        namespace, _ = account
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
        return User(name, groups)
    return User(name, ("system:authenticated",))


def account_user_name(namespace: str, name: str) -> str:
    """Return the user name of a ServiceAccount."""
    return f"{_ACCOUNT_PREFIX}{namespace}:{name}"


def service_account_of(user_name: str) -> tuple[str, str] | None:
    """Return the namespace and name of the ServiceAccount that the user is; None for any other user."""
    namespace, _, name = user_name.removeprefix(_ACCOUNT_PREFIX).partition(":")
    return (namespace, name) if user_name.startswith(_ACCOUNT_PREFIX) and namespace and name else None
