"""`kubernaut crd`: the CustomResourceDefinition of KubernetesExecution."""

from __future__ import annotations

from kubernaut.api.crd import crd as crd_manifest
from kubernaut.cli.console import print_manifests
from kubernaut.cli.options import ManifestFormat


def crd(output: ManifestFormat = "yaml") -> None:
    """Print the CustomResourceDefinition of KubernetesExecution."""
    print_manifests([crd_manifest()], output)
