"""Plugins: the hook contract, discovery by entry point, the calling of hooks, and the admin's settings over what they declare.

It uses `api` and no requests: a plugin never touches a cluster. Start with `hookspecs` (the whole contract on one page), then `registry`
(how plugins are found and what makes one unusable) and `hook_caller` (why a bad hook costs its own execution alone).
"""
