"""The settings: a URL that is one, and a credential that is not sent in the clear."""

import pytest
from pydantic import ValidationError

from kubernaut_check_metric.settings import CheckMetricSettings

SECRET = {"name": "prometheus", "key": "token"}


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, ""),
        ({"url": "http://prometheus.monitoring:9090/"}, "http://prometheus.monitoring:9090"),
        ({"url": "https://metrics.example.com/api/tenant-1/prom"}, "https://metrics.example.com/api/tenant-1/prom"),
        ({"url": "http://[::1]:9090", "token_secret": SECRET}, "http://[::1]:9090"),
        ({"url": "http://localhost:9090", "username": "me", "password_secret": SECRET}, "http://localhost:9090"),
        ({"url": "https://p", "token_secret": SECRET, "ca_secret": SECRET}, "https://p"),
    ],
)
def test_good_settings_are_accepted(settings, url):
    assert CheckMetricSettings.model_validate(settings).url == url


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "prometheus:9090"}, "must be a URL|must start with https"),
        ({"url": "ftp://prometheus"}, "must start with https"),
        ({"url": "https://"}, "must be a URL"),
        ({"url": "https://me:secret@prometheus"}, "must be a URL"),
        ({"url": "https://prometheus?x=1"}, "must be a URL"),
        ({"url": "https://prometheus#x"}, "must be a URL"),
        ({"url": "https://prometheus:99999"}, "must be a URL"),
        ({"url": "https://prometheus:0"}, "must be a URL"),
        ({"url": "https://pro metheus"}, "must be a URL"),
        ({"url": "https://[::1"}, "must be a URL"),
        ({"url": "https://prometheus/a b"}, "must be a URL"),
        ({"url": "https://p/" + "a" * 500}, "url"),
        ({"url": "http://prometheus", "token_secret": SECRET}, "must start with https:// where there is a credential"),
        ({"url": "http://prometheus", "ca_secret": SECRET}, "ca_secret is for a url"),
        ({"url": "https://p", "username": "me"}, "username and password_secret belong together"),
        ({"url": "https://p", "password_secret": SECRET}, "username and password_secret belong together"),
        ({"url": "https://p", "username": "me", "password_secret": SECRET, "token_secret": SECRET}, "two credentials"),
        ({"url": "https://p", "username": "a:b", "password_secret": SECRET}, "username"),
        ({"url": "https://p", "token_secret": {"name": "prometheus"}}, "key"),
        ({"url": "https://p", "insecure": True}, "insecure"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_settings_that_cannot_work_or_send_a_credential_in_the_clear_are_refused(settings, words):
    with pytest.raises(ValidationError, match=words):
        CheckMetricSettings.model_validate(settings)
