"""Kubernaut action: Set the replicas of a Deployment or StatefulSet."""
