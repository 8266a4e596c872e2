"""What an object is, and where objects are kept. Uses no other package of the sandbox.

Start with `objects` (manifests as plain dicts) and `store` (the versioned store). `kinds` is the table of the kinds that are
served; `selectors` and `patches` (with `strategic`) implement those parts of the API; `statuses` has its errors; `names`
checks metadata, and `durations` formats times.
"""
