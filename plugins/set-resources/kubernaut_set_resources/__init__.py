"""Kubernaut action: Set requests and limits of one container of a Deployment or StatefulSet."""
