"""Plugins: the hook contract, discovery, calling hooks under a time limit, and configuration laid over declarations."""
