"""What a user entry holds itself, after somebody has logged in again."""

import base64

import pytest
import yaml

from kubernaut.kube.config.client_config import load_client_config
from kubernaut.kube.config.credentials import Credential
from tests.support.certificates import Authority

AUTHORITY = Authority()
OLD, NEW = Credential("Bearer old"), Credential("Bearer new")


def pair(user):
    certificate, key = (base64.b64encode(part).decode() for part in AUTHORITY.pair(user))
    return {"client-certificate-data": certificate, "client-key-data": key}


def document(user, name="u", server="https://a"):
    return {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": name}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": name, "user": user}],
    }


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config"


def opened(file, user=None):
    file.write_text(yaml.safe_dump(document(user or {"token": "old"})), "utf-8")
    return load_client_config(file).credentials


async def test_a_new_token_is_used_once_the_old_one_is_rejected_and_not_before(file):
    credentials = opened(file)
    file.write_text(yaml.safe_dump(document({"token": "new"})), "utf-8")
    assert await credentials.current() == OLD
    assert await credentials.renew(OLD) == NEW
    assert await credentials.current() == NEW
    file.write_text(yaml.safe_dump(document({"token": "newest"})), "utf-8")
    assert await credentials.renew(NEW) == Credential("Bearer newest")


async def test_so_are_a_new_login_and_a_new_certificate(file):
    credentials = opened(file, {"username": "anna", "password": "a"})
    file.write_text(yaml.safe_dump(document({"username": "anna", "password": "b"})), "utf-8")
    assert await credentials.renew(await credentials.current()) == Credential("Basic YW5uYTpi")
    first, second = pair("anna"), pair("anna")
    credentials = opened(file, first)
    held = await credentials.current()
    file.write_text(yaml.safe_dump(document(second)), "utf-8")
    renewed = await credentials.renew(held)
    assert renewed.certificate.certificate == base64.b64decode(second["client-certificate-data"])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("users: [", id="half written"),
        pytest.param("", id="empty"),
        pytest.param(yaml.safe_dump(document({"token": "new"}, "another")), id="without this user"),
        pytest.param(yaml.safe_dump(document({})), id="with a user who holds nothing"),
        pytest.param(yaml.safe_dump(document({"token": ["new"]})), id="with a token that is none"),
        pytest.param(
            yaml.safe_dump(document({"token": "new"}, server="https://b")), id="with the same name on another server"
        ),
        pytest.param(yaml.safe_dump(document({"token": "new", "as": "anna"})), id="with a user to act as"),
        pytest.param(
            yaml.safe_dump(document({**pair("anna"), "client-key-data": "a2V5"})), id="with a key that cannot be used"
        ),
    ],
)
async def test_of_a_file_that_has_no_usable_login_nothing_is_taken_over_until_it_has(file, content):
    credentials = opened(file)
    file.write_text(content, "utf-8")
    assert await credentials.renew(OLD) == OLD
    assert await credentials.renew(OLD) == OLD
    file.write_text(yaml.safe_dump(document({"token": "new"})), "utf-8")
    assert await credentials.renew(OLD) == NEW


async def test_a_file_that_is_gone_changes_nothing(file):
    credentials = opened(file)
    file.unlink()
    assert await credentials.renew(OLD) == OLD


async def test_a_kubeconfig_in_memory_stays_as_it_is():
    assert await load_client_config(document({"token": "old"})).credentials.renew(OLD) == OLD
