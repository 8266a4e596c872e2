"""Kubernaut action: Put a Deployment back to an earlier revision, and wait for the rollout."""
