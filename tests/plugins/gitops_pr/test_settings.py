"""The settings that the cluster's admin writes."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from kubernaut_gitops_pr import plugin
from kubernaut_gitops_pr.demo_forge import settings
from kubernaut_gitops_pr.parameters import Change, GitOpsPr
from kubernaut_gitops_pr.settings import ForgeSettings, GitOpsSettings

FORGE = settings("https://git.example.com")["forges"][0]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "github.com",
        "http://github.com",
        "https://user:pw@github.com",
        "https://github.com?x=1",
        "ssh://github.com",
        "file:///x",
        "http://127.0.0.1.evil.com",
    ],
)
def test_a_forge_must_have_an_https_url(url):
    with pytest.raises(ValidationError):
        GitOpsSettings.model_validate({"forges": [{**FORGE, "url": url}]})


README = (Path(plugin.__file__).parents[1] / "README.md").read_text("utf-8")


@pytest.mark.parametrize("model", [GitOpsSettings, ForgeSettings, GitOpsPr, Change], ids=lambda model: model.__name__)
def test_the_readme_names_every_setting_and_parameter(model):
    text = README.partition("\n## Settings")[2] if model in {GitOpsSettings, ForgeSettings} else README
    assert [name for name in model.model_fields if not re.search(rf"[`\s{{]{name}[`:]", text)] == []
