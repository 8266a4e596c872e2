"""Kubernaut action: Set or remove keys of one ConfigMap's data."""
