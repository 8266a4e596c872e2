"""`kubernaut crd`: the CustomResourceDefinitions."""

from __future__ import annotations

from kubernaut.api.crd import crd as crd_manifest
from kubernaut.api.runbook_crd import runbook_crd
from kubernaut.cli.console import print_manifests
from kubernaut.cli.options import ManifestFormat


def crd(output: ManifestFormat = "yaml") -> None:
    """Print the CustomResourceDefinitions of KubernetesExecution and Runbook."""
    print_manifests([crd_manifest(), runbook_crd()], output)
