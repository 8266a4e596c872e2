"""CEL as the API server evaluates it: the CEL project's own C++ runtime, with the function libraries of Kubernetes.

It stands alone. Start with `environment`, which compiles and evaluates expressions; `functions` declares functions, and `libraries` has
those of Kubernetes. `policies` and `authorizer` are what expressions of admission policies may use; `syntax` reads the tokens of an
expression; `quantities`, `names` and `formats` are Kubernetes' own texts.
"""
