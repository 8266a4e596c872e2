"""The kubelet: pods bound to the one node become local processes, and what becomes of them becomes their status."""
