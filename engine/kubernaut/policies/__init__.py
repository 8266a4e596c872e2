"""The policies that ship with the engine: plugins like any other, found by entry point and called for every execution.

They use what every plugin can use, the package `kubernaut` itself, and nothing else of the engine.
"""
