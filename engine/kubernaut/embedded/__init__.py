"""The engine at work on the embedded cluster."""
