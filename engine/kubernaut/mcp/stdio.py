"""The server on standard input and output: one client, which started the process and ends it by closing its input."""

from __future__ import annotations

from mcp.server.stdio import stdio_server

from kubernaut.mcp.server import Door, mcp_server


async def serve_stdio(door: Door) -> None:
    """Serve the client until it closes standard input. While it is served, what anything else prints goes to standard error."""
    server = mcp_server(door)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
