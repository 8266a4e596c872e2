"""The Kubernetes API: requests, watches, caches, the work queue and leader election."""
