"""The settings that the cluster's admin writes."""

import pytest
from pydantic import ValidationError

from kubernaut_gitops_pr.demo_forge import settings
from kubernaut_gitops_pr.settings import GitOpsSettings

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
