"""What an installation consists of, and whether a cluster has it.

It uses `api`, `plugins` and `kube`. Start with `rbac`, the permissions of the engine and of every action as manifests; `manifests` adds
the CRD. `rbac_drift` compares grants with declarations, `rbac_explain` shows them to reviewers, `preflight` checks a whole installation.
"""
