"""Labels and annotations that the engine sets on the objects it creates, and reads back."""

from __future__ import annotations

from kubernaut.api.execution import GROUP

ANNOTATION_RESUMED = "kubernaut.io/resumed"
"""The `status.heldSince` of the hold that a person lifted: no other value does, so that nobody can lift a hold before there is one."""


ANNOTATION_ROLLBACK_OF = f"{GROUP}/rollback-of"
"""On an execution: the one that it undoes, or rehearses to undo."""


APP_NAME = "kubernetes-executor"


LABEL_APP = "app.kubernetes.io/name"


LABEL_ACTION = f"{GROUP}/action"


LABEL_EXECUTION = f"{GROUP}/kubernetes-execution"


LABEL_UID = f"{GROUP}/execution-uid"


ANNOTATION_TARGET = f"{GROUP}/target"


ANNOTATION_REQUESTED_BY = f"{GROUP}/requested-by"


ANNOTATION_REPORTS = f"{GROUP}/reports"
"""Whether the pod's steps tell their result: "true" for the runner's, "false" for plain command lines."""


REJECTED_EXIT_CODE = 42
