"""The parts of one running sandbox that the API server, the controllers and the kubelet share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kubernaut_sandbox.access.rbac import Authorizer
from kubernaut_sandbox.access.reviews import Reviews
from kubernaut_sandbox.access.tokens import Tokens
from kubernaut_sandbox.admission.chain import Admission
from kubernaut_sandbox.model.kinds import Kinds
from kubernaut_sandbox.model.store import Store
from kubernaut_sandbox.options import SandboxOptions
from kubernaut_sandbox.registry.custom_resources import CustomKinds
from kubernaut_sandbox.registry.deletion import Deleter
from kubernaut_sandbox.registry.registry import Registry

NODE = "sandbox"
PROVISIONER = "directories.sandbox.example"
"""The provisioner of the sandbox's own StorageClasses."""
VERSION = "v1.36.0+sandbox"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The state of a cluster, and the services that read and write it."""

    options: SandboxOptions
    directory: Path
    ca_pem: str
    store: Store
    kinds: Kinds
    registry: Registry
    deleter: Deleter
    authorizer: Authorizer
    tokens: Tokens
    reviews: Reviews


def make_cluster(options: SandboxOptions, directory: Path, ca_pem: str) -> Cluster:
    """Return an empty cluster. Args: the options, a directory for the files of pods, and the CA certificate as PEM."""
    store, kinds = Store(), Kinds()
    store.listen(CustomKinds(kinds))
    authorizer = Authorizer(store)
    tokens = Tokens(store)
    registry = Registry(store, kinds, Admission(store, kinds, authorizer))
    return Cluster(
        options,
        directory,
        ca_pem,
        store,
        kinds,
        registry,
        Deleter(registry),
        authorizer,
        tokens,
        Reviews(authorizer, tokens),
    )
