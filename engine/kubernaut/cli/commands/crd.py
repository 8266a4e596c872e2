"""`kubernaut crd`: the CustomResourceDefinition."""

from __future__ import annotations

from kubernaut.api import crd as crds
from kubernaut.cli.console import print_manifests
from kubernaut.cli.options import ManifestFormat


def crd(output: ManifestFormat = "yaml") -> None:
    """Print the CustomResourceDefinition of KubernetesExecution."""
    print_manifests([crds.crd()], output)
