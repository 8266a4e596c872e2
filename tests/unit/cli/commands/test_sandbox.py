"""`kubernaut sandbox`: the manifests that it starts with, and the kubeconfig that it writes."""

import pytest

from kubernaut.cli.commands.sandbox import missing_namespaces, read_manifests, write_kubeconfig
from kubernaut.errors import InputError


def test_manifests_of_all_files_are_read(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("kind: A\nmetadata: {name: a}\n---\n---\nkind: B\nmetadata: {name: b}\n", "utf-8")
    second.write_text("kind: C\nmetadata: {name: c}\n", "utf-8")
    assert [manifest["kind"] for manifest in read_manifests([first, second])] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: A\n", "is not a manifest: it needs apiVersion, kind and metadata"),
        ("- a\n", r"\"\['a'\]\" is not a manifest"),
        ("a: [", "cannot be read as YAML"),
    ],
)
def test_a_document_that_is_not_a_manifest_is_bad_input(tmp_path, text, message):
    file = tmp_path / "a.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match=message):
        read_manifests([file])


def test_a_kubeconfig_is_private_even_if_the_file_existed(tmp_path):
    file = tmp_path / "kubeconfig"
    file.write_text("old", "utf-8")
    file.chmod(0o644)
    write_kubeconfig(file, {"kind": "Config"})
    assert (file.read_text("utf-8"), file.stat().st_mode & 0o777) == ("kind: Config\n", 0o600)


@pytest.mark.parametrize("where", ["none/kubeconfig", "directory"])
def test_a_kubeconfig_that_cannot_be_written_is_bad_input_that_names_the_file(tmp_path, where):
    (tmp_path / "directory").mkdir()
    with pytest.raises(InputError, match=rf"--kubeconfig .*{where}: cannot be written: .*; name a file"):
        write_kubeconfig(tmp_path / where, {})
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]


def manifest(kind, name, namespace=""):
    return {"kind": kind, "metadata": {"name": name, **({"namespace": namespace} if namespace else {})}}


@pytest.mark.parametrize(
    ("documents", "missing"),
    [
        ([manifest("ConfigMap", "a", "prod")], ["prod"]),
        ([manifest("Namespace", "prod"), manifest("ConfigMap", "a", "prod")], []),
        ([manifest("Namespace", "prod"), manifest("ConfigMap", "a", "other")], ["other"]),
        ([manifest("ConfigMap", "a")], ["production"]),
        ([manifest("ConfigMap", "a", "default")], ["production"]),
        ([], ["production"]),
    ],
)
def test_namespaces_that_manifests_name_and_do_not_contain_are_created(documents, missing):
    assert [namespace["metadata"]["name"] for namespace in missing_namespaces(documents)] == missing
