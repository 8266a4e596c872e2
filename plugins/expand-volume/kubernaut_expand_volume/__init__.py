"""Kubernaut action: Make a PersistentVolumeClaim larger, and wait for the resize."""
