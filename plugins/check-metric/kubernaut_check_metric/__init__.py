"""Kubernaut action: Wait until a Prometheus query has a value within bounds."""
