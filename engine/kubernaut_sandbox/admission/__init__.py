"""Admission: what the cluster, and not just the object, must allow before a write is accepted.

It uses `kubernaut_cel`, `access` and `model`. Start with `chain`, the plugins in the API server's order; `request` is what each of them
gets. Admission policies: `policies` knows which there are, `matching` which apply to a request, `policy` compiles one (`initializers` reads
`Object{...}` and `JSONPatch{...}`) and `evaluation` evaluates it; `validating` and `mutating` turn the results into refusals, warnings and
changes.
"""
