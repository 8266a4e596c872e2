"""The custom resource, and the values that pass between the engine and its plugins: what others depend on.

It uses nothing of the engine but its errors. Start with `execution` (the custom resource as a pydantic model, from which `crd` renders
the CRD; `stored_stages` is the form of its `stages` in the API server) and `plugin` (what hooks receive and return). `view` reads an
execution from the JSON in a cache; `runbook` is the second custom resource, which only clients read; `labels`, `names`, `steps`,
`conditions` and `timestamps` are the small vocabularies that every other package shares.
"""
