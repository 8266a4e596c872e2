"""New tokens in the kubeconfig that the old ones came from."""

import yaml

from kubernaut.kube.config.kubeconfig_writer import save_tokens

USERS = [
    {"name": "other", "user": {"token": "t"}},
    {"name": "u", "user": {"auth-provider": {"name": "oidc", "config": {"client-id": "k", "id-token": "old"}}}},
]


def test_the_tokens_replace_those_of_the_user_and_nothing_else(tmp_path):
    file, link = tmp_path / "real", tmp_path / "config"
    file.write_text(yaml.safe_dump({"users": USERS, "contexts": []}), "utf-8")
    file.chmod(0o600)
    link.symlink_to(file)
    save_tokens(link, "u", {"id-token": "new", "refresh-token": "r"})
    written = yaml.safe_load(file.read_text("utf-8"))
    assert written["users"][1]["user"]["auth-provider"]["config"] == {
        "client-id": "k",
        "id-token": "new",
        "refresh-token": "r",
    }
    assert (written["users"][0], written["contexts"]) == (USERS[0], [])
    assert (link.is_symlink(), file.stat().st_mode & 0o777) == (True, 0o600)
    assert sorted(tmp_path.iterdir()) == [link, file]


def test_a_file_that_cannot_be_written_is_logged(tmp_path, caplog):
    save_tokens(tmp_path / "none", "u", {})
    assert "none: the new tokens of user 'u' could not be written" in caplog.text


def test_a_user_that_is_no_longer_there_is_logged(tmp_path, caplog):
    file = tmp_path / "config"
    file.write_text("users: []", "utf-8")
    save_tokens(file, "u", {})
    assert "could not be written" in caplog.text


def test_a_kubeconfig_in_memory_has_no_file():
    save_tokens(None, "u", {})


def test_nothing_is_left_beside_a_file_that_could_not_be_replaced(tmp_path, monkeypatch):
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump({"users": USERS}), "utf-8")
    monkeypatch.setattr("os.replace", lambda *_, **__: (_ for _ in ()).throw(OSError(5, "broken")))
    save_tokens(file, "u", {"id-token": "new"})
    assert list(tmp_path.iterdir()) == [file]
