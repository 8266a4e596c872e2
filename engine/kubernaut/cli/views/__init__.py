"""What is shown of executions: pure functions from an execution (and its pods, events and the current time) to lines of markup.

Two modules read a cluster for them: `details` once, `live` until an execution has ended.
"""
