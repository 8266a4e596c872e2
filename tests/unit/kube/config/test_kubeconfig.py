"""Kubeconfig files: found, merged and read as kubectl does, and what is wrong with one that cannot be used."""

import pytest
import yaml

from kubernaut.errors import InputError
from kubernaut.kube.config.kubeconfig import Kubeconfig


def document(name="c", server="https://a", **more):
    return {
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"in-{name}"}}],
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": {"token": f"token-{name}"}}],
        **more,
    }


def write(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), "utf-8")
    return path


def merged(*files):
    return Kubeconfig.default({"KUBECONFIG": ":".join(map(str, files))})


def test_a_context_selects_cluster_user_and_namespace():
    context = Kubeconfig.of(document()).context()
    assert (context.name, context.namespace, context.user_name) == ("c", "in-c", "c")
    assert (context.cluster.text("server"), context.user.text("token")) == ("https://a", "token-c")


def test_the_first_file_that_has_an_entry_wins_as_a_whole(tmp_path):
    first = document("a", contexts=[], users=[{"name": "b", "user": {"username": "anna"}}])
    context = merged(write(tmp_path / "1", first), write(tmp_path / "2", document("b"))).context("b")
    assert dict(context.user.fields) == {"username": "anna"}
    assert context.cluster.text("server") == "https://a"


def test_the_first_current_context_wins_and_an_empty_one_does_not_count(tmp_path):
    files = [
        write(tmp_path / str(n), text) for n, text in enumerate(("current-context: ''", document("a"), document("b")))
    ]
    assert merged(*files).context().name == "a"


def test_a_path_is_relative_to_the_file_that_its_entry_stands_in(tmp_path):
    clusters = [{"name": "a", "cluster": {"server": "https://a", "certificate-authority": "ca.pem"}}]
    one = write(tmp_path / "one" / "config", {"clusters": clusters})
    two = write(tmp_path / "two" / "config", document("a", users=[{"name": "a", "user": {"tokenFile": "token"}}]))
    context = merged(one, two).context()
    assert context.cluster.path("certificate-authority") == tmp_path / "one" / "ca.pem"
    assert context.user.path("tokenFile") == tmp_path / "two" / "token"


def test_files_that_do_not_exist_or_are_named_twice_do_no_harm(tmp_path):
    file = write(tmp_path / "config", document())
    assert merged(tmp_path / "none", "", file, file).context().name == "c"


def test_without_the_variable_the_file_in_the_home_directory_is_read(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / ".kube" / "config", document())
    assert Kubeconfig.default({}).context().name == "c"


def test_nothing_at_all_is_empty_and_names_the_files(tmp_path):
    found = merged(tmp_path / "none", write(tmp_path / "empty", "apiVersion: v1\nkind: Config\nclusters: []\n"))
    assert found.is_empty
    assert "none and " in str(found.missing())
    assert not merged(write(tmp_path / "other", document())).is_empty


def test_a_broken_entry_that_the_context_does_not_select_does_no_harm():
    other = {"name": "other", "cluster": {"server": 5}}
    assert Kubeconfig.of(document(clusters=[other, *document()["clusters"]])).context().name == "c"


def test_a_context_without_a_user_is_anonymous():
    contexts = [{"name": "c", "context": {"cluster": "c"}}]
    assert Kubeconfig.of(document(contexts=contexts)).context().user is None


@pytest.mark.parametrize(
    ("change", "context", "message"),
    [
        pytest.param(
            {"current-context": None},
            "",
            "current-context is not set; name a context with --context; its contexts are: c",
            id="no current context",
        ),
        pytest.param(
            {"current-context": "x"},
            "",
            "current-context: there is no context 'x'; its contexts are: c",
            id="a current context that does not exist",
        ),
        pytest.param(
            {}, "y", "--context: there is no context 'y'; its contexts are: c", id="a named context that does not exist"
        ),
        pytest.param({"contexts": []}, "", "there is no context 'c'; it has no contexts", id="no contexts"),
        pytest.param(
            {"clusters": None},
            "",
            "contexts[c].context.cluster: there is no cluster 'c' in clusters",
            id="no such cluster",
        ),
        pytest.param({"users": []}, "", "contexts[c].context.user: there is no user 'c' in users", id="no such user"),
        pytest.param(
            {"users": document()["users"] * 2}, "", "users: 'c' is there 2 times; remove all but one", id="a name twice"
        ),
        pytest.param({"users": "x"}, "", "users: must be a list of mappings", id="not a list"),
    ],
)
def test_what_is_missing_is_named_with_file_and_field(tmp_path, change, context, message):
    file = write(tmp_path / "config", document(**change))
    with pytest.raises(InputError) as refused:
        Kubeconfig.explicit(file).context(context)
    assert str(refused.value).startswith(f"kubeconfig {file}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("users:\n- name: 'a\n  token: secret\n", "it is not valid YAML: line ", id="malformed YAML"),
        pytest.param("a: \x00", "it is not valid YAML", id="a control character"),
        pytest.param("- a", "it is not a kubeconfig, which is a mapping", id="a list"),
        pytest.param("kind: Pod", "kind: must be Config", id="another kind"),
    ],
)
def test_a_file_that_is_not_a_kubeconfig_is_refused_without_quoting_it(tmp_path, content, message):
    file = write(tmp_path / "config", content)
    with pytest.raises(InputError) as refused:
        Kubeconfig.explicit(file)
    assert str(refused.value).startswith(f"kubeconfig {file}: {message}")
    assert "secret" not in str(refused.value)


def test_a_named_file_must_exist_and_be_readable(tmp_path):
    with pytest.raises(InputError, match="none: there is no such file; set KUBECONFIG"):
        Kubeconfig.explicit(tmp_path / "none")
    with pytest.raises(InputError, match="it cannot be read: Is a directory"):
        Kubeconfig.explicit(tmp_path)
