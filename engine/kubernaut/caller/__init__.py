"""What somebody does with executions and runbooks through the API server, with their own rights: create, approve, cancel, undo, read.

Every door acts through it: the command line, the page, the server for agents and the receiver of alerts. Nothing here prints or asks.
"""
