"""The policies that ship: plugins like any other, found by entry point and asked about every execution.

They use what any plugin may use, `kubernaut` itself, and nothing else of the engine.
"""
