"""The forges that this action supports: `github` and `gitlab`, each a subclass of `base.Forge` that uses the client in `http`."""
