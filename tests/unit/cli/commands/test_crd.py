"""`kubernaut crd`: both definitions, as YAML or JSON."""

import json

import yaml

from kubernaut.api.crd import crd
from kubernaut.api.runbook_crd import runbook_crd


def test_the_crds_are_printed_as_yaml_or_json(kubernaut):
    assert list(yaml.safe_load_all(kubernaut("crd").out)) == [crd(), runbook_crd()]
    assert json.loads(kubernaut("crd", "-o", "json").out)["items"] == [crd(), runbook_crd()]
