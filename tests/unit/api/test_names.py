"""The Job's name follows from the execution's uid and is valid in Kubernetes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernaut.api.names import is_label, is_pod_of_job, job_name

SUBDOMAINS = st.from_regex(r"\A[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?){0,4}\Z")


@given(SUBDOMAINS, st.uuids())
def test_any_execution_gets_a_job_name_that_fits_a_label(name, uid):
    assert is_label(job_name(name, str(uid)))


def test_the_job_name_depends_only_on_the_name_and_the_uid():
    assert job_name("more-web", "u1") == job_name("more-web", "u1") != job_name("more-web", "u2")


def test_a_long_name_keeps_its_beginning():
    assert job_name("a" * 63, "u").startswith("a" * 52 + "-")


@pytest.mark.parametrize(
    ("pod", "job", "expected"),
    [
        ("more-1-x7k2q", "more-1", True),
        ("more-1-x7k2q", "more", False),
        ("more-1x-7k2q9", "more-1", False),
        ("more-1", "more-1", False),
        ("", "more-1", False),
        ("a" * 58 + "x7k2q", "a" * 63, True),
        ("a" * 57 + "bx7k2q", "a" * 63, False),
    ],
)
def test_a_pod_of_a_job_has_its_name_and_a_generated_suffix(pod, job, expected):
    assert is_pod_of_job(pod, job) is expected
