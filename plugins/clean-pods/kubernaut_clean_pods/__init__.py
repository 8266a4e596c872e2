"""Kubernaut action: Delete pods that have ended, by label and age."""
