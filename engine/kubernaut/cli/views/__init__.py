"""What is shown of executions: pure functions from an execution (and its pods, events and the current time) to lines of markup.

Three modules read a cluster for them: `details` once, `live` and `live_table` until executions have ended.
"""
