"""What a user entry holds itself: tokens, logins and certificates, also in files that are replaced."""

import base64
import os

import pytest

from kubernaut.errors import InputError
from kubernaut.kube.config.credentials import Credential, stored_credentials
from kubernaut.kube.config.kubeconfig_section import Section


def stored(**user):
    return stored_credentials(
        Section({field.replace("_", "-"): value for field, value in user.items()}, "users[u].user")
    )


async def authorization(credentials):
    return (await credentials.current()).authorization


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        pytest.param({}, "", id="nothing"),
        pytest.param({"token": "t"}, "Bearer t", id="a token"),
        pytest.param(
            {"username": "anna", "password": "pä:ss"},
            "Basic " + base64.b64encode("anna:pä:ss".encode()).decode(),
            id="a login",
        ),
        pytest.param({"username": "anna"}, "Basic YW5uYTo=", id="a login without a password"),
        pytest.param({"password": "p"}, "", id="a password without a user name"),
    ],
)
async def test_the_header_follows_from_the_entry(user, expected):
    assert await authorization(stored(**user)) == expected


async def test_a_token_file_is_read_again_when_it_changes_and_goes_before_a_token(tmp_path):
    file = tmp_path / "token"
    file.write_text("one\n")
    credentials = stored(token="fixed", tokenFile=str(file))
    assert await authorization(credentials) == "Bearer one"
    file.write_text("three\n")
    assert await authorization(credentials) == "Bearer three"
    file.unlink()
    assert await authorization(credentials) == "Bearer three"


async def test_after_a_rejection_files_are_read_whatever_their_time_says(tmp_path):
    file = tmp_path / "token"
    file.write_text("one")
    credentials = stored(tokenFile=str(file))
    rejected = await credentials.current()
    status = file.stat()
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert await credentials.current() == rejected
    assert (await credentials.renew(rejected)).authorization == "Bearer two"
    assert await stored(token="t").renew(Credential("Bearer t")) == Credential("Bearer t")


async def test_a_client_certificate_is_that_of_its_files_now(tmp_path):
    for name in ("cert", "key"):
        (tmp_path / name).write_text(f"{name} 1")
    credentials = stored(client_certificate=str(tmp_path / "cert"), client_key=str(tmp_path / "key"))
    first = (await credentials.current()).certificate
    assert (first.certificate, first.key) == (b"cert 1", b"key 1")
    (tmp_path / "cert").write_text("cert two")
    assert (await credentials.current()).certificate.certificate == b"cert two"


async def test_a_client_certificate_may_be_in_the_entry_itself():
    encoded = {"client_certificate_data": "Y2VydA==", "client_key_data": "a2V5"}
    certificate = (await stored(**encoded).current()).certificate
    assert (certificate.certificate, certificate.key) == (b"cert", b"key")


def test_no_secret_is_in_what_is_printed_of_a_credential():
    credential = stored(token="secret", client_certificate_data="Y2VydA==", client_key_data="a2V5").read()
    assert "secret" not in repr(credential)
    assert "key'" not in repr(credential)


@pytest.mark.parametrize(
    ("user", "message"),
    [
        pytest.param({"token": "t", "username": "u"}, "username: there is a token as well", id="a token and a login"),
        pytest.param(
            {"tokenFile": "/t", "password": "p"}, "username: there is a token as well", id="a token file and a login"
        ),
        pytest.param({"token": "a\nb"}, "token: must be one line", id="a token of two lines"),
        pytest.param(
            {"client_certificate_data": "Y2VydA=="}, "client-key: is not set", id="a certificate without a key"
        ),
        pytest.param(
            {"client_certificate": "/c", "client_certificate_data": "Y2VydA=="},
            "client-certificate: client-certificate-data is set as well",
            id="a certificate twice",
        ),
        pytest.param(
            {"tokenFile": "/no/such"},
            "users[u].user.tokenFile: /no/such cannot be read: No such file",
            id="no token file",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_by_its_field(user, message):
    with pytest.raises(InputError) as refused:
        stored(**user).read()
    assert message in str(refused.value)
