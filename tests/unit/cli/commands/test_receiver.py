"""The receiver's options: TLS, unless it is asked to do without."""

import pytest

from tests.support.certificates import Authority
from tests.support.shell import command


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--tls-cert and --tls-key: are required, because webhooks carry tokens"),
        (("--tls-cert", "a"), "--tls-cert and --tls-key: are required"),
        (("--insecure-http", "--tls-cert", "a"), "--insecure-http: there is a certificate as well"),
        (("--tls-cert", "missing.crt", "--tls-key", "missing.key"), "--tls-cert: missing.crt cannot be read"),
    ],
)
async def test_it_serves_no_tokens_in_the_clear_unless_it_is_told_to(words, message):
    code, out, err = await command("receiver", *words)
    assert (code, out, message in err) == (2, "", True), err


async def test_an_api_server_without_tls_is_refused(tmp_path):
    for name, content in zip(("tls.crt", "tls.key"), Authority().pair("a", "localhost"), strict=True):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "kubeconfig").write_text(
        '{"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c"}}],'
        '"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}]}',
        "utf-8",
    )
    words = ("--tls-cert", str(tmp_path / "tls.crt"), "--tls-key", str(tmp_path / "tls.key"))
    code, _, err = await command("receiver", *words, "--kubeconfig", str(tmp_path / "kubeconfig"))
    assert (code, "is reached without TLS, and tokens are sent there" in err) == (2, True), err
