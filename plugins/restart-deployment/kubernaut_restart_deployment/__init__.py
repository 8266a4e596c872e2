"""Kubernaut action: restart a Deployment and wait for its rollout."""
