"""A Model Context Protocol server, so that AI agents diagnose and propose with the rights of the user who starts it, and none of its own.

Everything is done through `caller`. Start with `server`, which offers the tools of `toolbox`; `stdio` and `http` are how clients reach it.
What others wrote into the cluster leaves it through `untrusted` alone: marked, cleaned and bounded. Only `server`, `stdio` and `http` use
the protocol's SDK.
"""
