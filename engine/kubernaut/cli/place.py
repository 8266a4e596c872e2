"""Where a command acts: the cluster, the identity and the namespace that `-n`, `--context` and `--kubeconfig` name, as with kubectl."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key


@dataclass(frozen=True, slots=True)
class Place:
    """What the options name; each has a default."""

    kubeconfig: Path | None = None
    context: str = ""
    namespace: str = ""
    all_namespaces: bool = False

    async def connect(self) -> Cluster:
        """Return a client, to be used as a context manager. Raises InputError when no configuration can be used."""
        return await Cluster.connect(self.kubeconfig, context=self.context)

    def namespace_on(self, cluster: Cluster) -> str:
        """Return the namespace that is named, else the context's."""
        return self.namespace or cluster.namespace

    def scope_on(self, cluster: Cluster) -> str | None:
        """Return the namespace to list, or None for all of them."""
        return None if self.all_namespaces else self.namespace_on(cluster)

    def key(self, cluster: Cluster, name: str) -> Key:
        """Return the key of the execution of this name."""
        return Key(self.namespace_on(cluster), name)
