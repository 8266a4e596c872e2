"""Kubernaut action: Evict one pod that its controller replaces, and wait for the replacement."""
