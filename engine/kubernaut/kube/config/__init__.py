"""Where the API server is and as whom to ask it: a kubeconfig read as kubectl reads it, or the pod's own ServiceAccount.

Start with `client_config`. `kubeconfig` merges and checks the files, `endpoint` and `tls` describe the server, `credentials` reads what is
written down, and `exec_plugin` and `oidc` obtain what expires, kept by `credential_cache`. Nothing here sends a request to the API server.
"""
