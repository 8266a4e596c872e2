"""What crosses the process boundary: the custom resource, and the values that pass between the engine and its plugins."""
