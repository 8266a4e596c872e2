"""The engine at work on the embedded cluster, for the demo, `kubernaut sandbox` and the tests.

It uses the controller and, alone in the engine, the sandbox (`kubernaut_sandbox`, installed with `kubernaut-engine[sandbox]`). Start with
`cluster`; `example_environment` prepares what the actions' examples need.
"""
