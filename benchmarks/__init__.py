"""Measures what the engine costs: `make bench`."""
