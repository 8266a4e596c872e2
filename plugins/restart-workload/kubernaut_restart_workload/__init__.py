"""Kubernaut action: Restart a StatefulSet or DaemonSet and wait for its rollout."""
