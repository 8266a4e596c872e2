"""Kubernaut action: Wait until a CEL expression over a workload holds."""
