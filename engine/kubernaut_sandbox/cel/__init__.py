"""CEL as the API server evaluates it: the CEL project's own C++ runtime, with the function libraries of Kubernetes.

It uses nothing but `model`. Start with `environment`, which compiles and evaluates expressions; `functions` declares functions, and
`libraries` has those of Kubernetes. `initializers` reads `Object{...}` and `JSONPatch{...}`, `syntax` the tokens of an expression.
"""
