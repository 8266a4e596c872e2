"""Labels and annotations that the engine sets on the objects it creates, and reads back."""

from __future__ import annotations

from kubernaut.api.execution import GROUP

APP_NAME = "kubernetes-executor"
LABEL_APP = "app.kubernetes.io/name"
LABEL_ACTION = f"{GROUP}/action"
LABEL_EXECUTION = f"{GROUP}/kubernetes-execution"
LABEL_UID = f"{GROUP}/execution-uid"
ANNOTATION_TARGET = f"{GROUP}/target"
ANNOTATION_REQUESTED_BY = f"{GROUP}/requested-by"
ANNOTATION_REPORTS = f"{GROUP}/reports"
"""On a Job: "true" if its steps report a result (`runner_job`), "false" for plain command lines (`command_job`)."""
ANNOTATION_READ_ONLY = f"{GROUP}/read-only"
"""On the Job and pods of an action that changes nothing: "true"."""
ANNOTATION_ROLLBACK_OF = f"{GROUP}/rollback-of"
"""On an execution: the name of the one that it undoes, or rehearses to undo."""
ANNOTATION_RESUMED = f"{GROUP}/resumed"
"""On an execution: the `status.heldSince` of the hold that a person lifted. No other value does, so a hold cannot be lifted in advance."""
ANNOTATION_TRACEPARENT = "traceparent"
"""On an execution: the W3C trace context of the caller."""
ANNOTATION_TRACE_ID = f"{GROUP}/trace-id"
"""On an Event: the trace of the execution that it is about."""
