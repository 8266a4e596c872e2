"""The controllers: each keeps one kind of promise, from keys it is handed to writes through the registry."""
