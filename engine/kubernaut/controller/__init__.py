"""The controller: from a change in the cluster to a Job, and from a Job's end to a recorded result.

It uses every package below it. One execution passes through it like this:

    kube.informer → event_handlers → kube.workqueue → worker → reconciler → starter → admission → launcher → jobs → status
    kube.informer → event_handlers → kube.workqueue → worker → reconciler → monitor → jobs.outcome → completion → status → reporter

Start with `reconciler`, one visible switch over the transitions that `state` decides on. `manager` wires everything together. Only `status`
writes status, only `events` writes Events, only `job_control` makes requests about Jobs.
"""
