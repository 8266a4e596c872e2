"""`kubernaut crd`: one manifest, as YAML or JSON."""

import json

import yaml

from kubernaut.api.crd import crd


def test_the_crd_is_printed_as_yaml_or_json(kubernaut):
    assert yaml.safe_load(kubernaut("crd").out) == crd()
    assert json.loads(kubernaut("crd", "-o", "json").out) == crd()
