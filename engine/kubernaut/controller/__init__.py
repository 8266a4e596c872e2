"""The controller: event handlers, workers, the reconciler, and the writers of status."""
