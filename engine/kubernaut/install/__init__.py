"""What an installation needs: manifests and RBAC, drift between grants and declarations, and a survey of a cluster."""
