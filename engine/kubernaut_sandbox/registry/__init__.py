"""Reading and writing objects by all the rules of the API: decoding, defaults, admission, validation, deletion.

Start with `registry`; every write of the API server, the controllers and the kubelet goes through it, or through `deletion` and
`evictions`. `request_context` comes with each of them. `scheme` decodes built-in kinds; `custom_resources`, with `schemas`,
`structural_schema`, `cel_rules` and `formats`, does what custom ones need. `strategies` has the rules of each built-in kind,
`creation` and `updates` those of every creation and update, `names` those of metadata. `admission` calls `service_accounts`,
`pod_security`, `escalation` and `quotas`. Uses `model` and `access`.
"""
