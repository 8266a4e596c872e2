"""Kubernaut action: Set the minimum and maximum of a HorizontalPodAutoscaler."""
