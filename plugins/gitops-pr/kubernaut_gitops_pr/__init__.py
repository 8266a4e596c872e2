"""Kubernaut action: Open a pull request against a GitOps repository."""
