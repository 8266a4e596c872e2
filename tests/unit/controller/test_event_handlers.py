"""Which changes start a look at an execution."""

from unittest.mock import Mock

import pytest

from kubernaut.api.labels import LABEL_EXECUTION, LABEL_UID
from kubernaut.controller.event_handlers import Watches
from kubernaut.kube.objects import Key


def dependent(version, **status):
    labels = {LABEL_EXECUTION: "a", LABEL_UID: "u"}
    metadata = {"name": "x", "namespace": "n", "uid": "p", "resourceVersion": str(version), "labels": labels}
    return {"metadata": metadata, "spec": {}, "status": status}


@pytest.mark.parametrize("kind", ["jobs", "pods"])
def test_of_jobs_and_pods_what_tells_something_starts_a_look_and_mere_progress_none(kind):
    look = Mock()
    informer = getattr(Watches(Mock(), ["n"], Mock(), look).caches, kind)
    informer.accept(dependent(1))
    look.assert_called_once_with(Key("n", "a"))
    informer.accept(dependent(2, active=1, conditions=[{"type": "Initialized", "status": "True"}]))
    look.assert_called_once()
    informer.accept(dependent(3, conditions=[{"type": "Failed", "status": "True"}]))
    assert look.call_count == 2
