"""A token is found in every form in which a forge or git may repeat it, whole or in part."""

import base64
import html
import json
import re
import time
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubernaut_gitops_pr.demo_git import Reply
from kubernaut_gitops_pr.quotation import quote as in_one_line
from kubernaut_gitops_pr.scrubbing import Scrubber
from tests.plugins.gitops_pr.conftest import TOKEN

SCRUBBER = Scrubber(TOKEN)
QUOTED = quote(TOKEN, safe="")
FORMS = {
    "as it is": TOKEN,
    "percent-encoded": QUOTED,
    "percent-encoded in lower case": "".join(f"%{ord(c):02x}" for c in TOKEN),
    "percent-encoded in part": TOKEN.replace("_", "%5F").replace("a", "%61"),
    "percent-encoded twice": quote("".join(f"%{ord(c):02X}" for c in TOKEN), safe=""),
    "JSON with every character escaped": "".join(f"\\u{ord(c):04x}" for c in TOKEN),
    "JSON with slashes escaped": json.dumps(TOKEN).strip('"').replace("/", "\\/"),
    "JSON in JSON": json.dumps("".join(f"\\u{ord(c):04X}" for c in TOKEN)),
    "C": "".join(f"\\x{ord(c):02x}" for c in TOKEN),
    "octal": "".join(f"\\{ord(c):03o}" for c in TOKEN),
    "HTML": html.escape(TOKEN).replace("+", "&#43;").replace("=", "&#x3d;"),
    "hexadecimal": TOKEN.encode().hex(),
    "hexadecimal in capitals": TOKEN.encode().hex().upper(),
    "with invisible characters": "\u200b".join(TOKEN),
    "with escape sequences": "\x1b[1m".join(TOKEN),
    "over several lines": TOKEN[:9] + "\n" + TOKEN[9:],
    "base64 of its percent-encoding": base64.b64encode(QUOTED.encode()).decode(),
    "base64 over several lines": base64.encodebytes(b"user: x, header: Basic " + TOKEN.encode() * 2).decode(),
}
for before in range(7):
    FORMS[f"base64 after {before}"] = base64.b64encode(b"u" * before + TOKEN.encode() + b"; more").decode()
    FORMS[f"base64 for URLs after {before}"] = base64.urlsafe_b64encode(b"\xff" * before + TOKEN.encode()).decode()
    FORMS[f"base64 after {before}, percent-encoded"] = quote(FORMS[f"base64 after {before}"], safe="")


def longest_common(one, other):
    """Return the longest text that is in both."""
    longest = ""
    for start in range(len(one)):
        while one[start : start + len(longest) + 1] in other and start + len(longest) < len(one):
            longest = one[start : start + len(longest) + 1]
    return longest


def from_base64(text):
    """Return what the words of a text stand for, at each alignment."""
    words = re.findall(r"[A-Za-z0-9+/]{4,}", unquote(text).replace("\n", "").replace("-", "+").replace("_", "/"))
    parts = [word[at : at + (len(word) - at) // 4 * 4] for word in words for at in range(4)]
    return "\n".join(base64.b64decode(part).decode("latin-1") for part in parts)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("around", ["{}", "Bearer {}.", 'https://x:{}@host/a%20b "é"', "{}{}"])
def test_each_form_is_removed_with_no_piece_left(form, around):
    scrubbed = SCRUBBER.scrub(around.replace("{}", form))
    assert "***" in scrubbed
    assert len(longest_common(form, scrubbed)) < 8


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_form_that_was_cut_is_removed_too(form):
    for cut in range(len(form)):
        left = SCRUBBER.scrub(f"it was {form[:cut]}")
        assert len(longest_common(in_one_line(left, 1000), TOKEN)) < 8
        assert len(longest_common(from_base64(left), TOKEN)) < 8


@pytest.mark.parametrize("length", range(4, len(TOKEN)))
def test_a_token_that_was_cut_at_the_end_is_removed_from_its_fourth_character_on(length):
    assert SCRUBBER.scrub(f"Authorization: {TOKEN[:length]}") == "Authorization: ***"


@pytest.mark.parametrize(
    "text",
    ["", "nothing here", "100%25 \\u0041 &amp; \x1b[31m", "ghp", "a token that must never show", "\ud800", "é" * 99],
)
def test_another_text_stays_as_it_is(text):
    assert SCRUBBER.scrub(text) == text


@example("000000\\0", "", "")
@given(st.text(alphabet=[chr(c) for c in range(33, 127)], min_size=8, max_size=60), st.text(), st.text())
def test_any_token_is_removed_from_any_text(token, before, after):
    scrubber = Scrubber(token)
    for form in (token, quote(token, safe=""), json.dumps(token), base64.b64encode(b"x:" + token.encode()).decode()):
        assert token not in scrubber.scrub(before + form + after)
        assert form.strip('"') not in scrubber.scrub(before + form + after)


@pytest.mark.parametrize(
    "text", ["\\" * 200_000, "%" * 200_000, "&#" * 100_000, "\x1b[" * 100_000, "A" * 400_000, "\n" * 400_000]
)
def test_a_large_text_takes_no_time(text):
    started = time.monotonic()
    SCRUBBER.scrub(text)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("before", [0, 240, 280, 292])
def test_the_words_of_a_forge_are_cut_only_after_the_token_is_removed(site, form, before):
    site.api.answer("GET", "/repos/platform/gitops", Reply(422, {"message": "x" * before + f" {form}"}))
    result = site.step("dry-run")
    assert result.state == "rejected"
    assert len(longest_common(TOKEN, result.message + result.printed + result.report)) < 8
    assert len(longest_common(form, result.message + result.printed)) < 8


@pytest.mark.parametrize("before", [0, 30, 50, 70, 290])
@pytest.mark.parametrize("status", [200, 422, 503])
@pytest.mark.parametrize("shape", ["text", "key", "nested", "field"])
def test_a_token_anywhere_in_an_answer_is_removed(site, before, status, shape):
    text = "y" * before + TOKEN
    content = {
        "text": text.encode(),
        "key": {text: "a", "message": {text: 1}},
        "nested": {"errors": [{"a": [text]}], "message": [text]},
        "field": {"full_name": [text], "archived": text},
    }[shape]
    site.api.answer("GET", "/repos/platform/gitops", Reply(status, content))
    result = site.step("execute")
    assert result.state != "done"
    assert len(longest_common(TOKEN, result.message + result.printed + result.report)) < 8


@pytest.mark.parametrize("before", [0, 350, 380, 395])
def test_the_words_of_a_git_server_are_cut_only_after_the_token_is_removed(site, before):
    site.add_hook(f"echo '{'x' * before} {TOKEN} {'y' * 380}' >&2; exit 1")
    result = site.step("execute")
    assert result.state == "rejected"
    assert len(longest_common(TOKEN, result.message + result.printed + result.report)) < 8


def test_a_git_server_that_writes_more_than_is_read_leaves_no_piece_of_the_token(site):
    site.add_hook(f"for i in $(seq 3000); do echo '{TOKEN} {TOKEN}'; done >&2; exit 1")
    result = site.step("execute")
    assert result.state == "rejected"
    assert len(longest_common(TOKEN, result.message + result.printed + result.report)) < 8
