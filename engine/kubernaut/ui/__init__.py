"""`kubernaut ui`: the page that a team keeps open, on loopback, with the rights of whoever started it.

A page is rendered on the server (`views`, `templates`) as fragments; `live` sends those that change by server-sent events, and `operations`
carries out what a form asks for through `kubernaut.caller`. `store` holds the only state: the executions as the API server last told.
"""
