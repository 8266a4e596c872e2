"""What changes on an open page, and nothing else, is sent."""

import zlib

from markupsafe import Markup

from kubernaut.ui.fragments import difference, fragment


def rows(*texts):
    row = Markup('<tr id="{}"><td>{}</td></tr>')
    return {"rows": [fragment(text.lower(), row.format(text.lower(), text)) for text in texts]}


def test_a_fragment_tells_its_version_in_its_first_tag_alone():
    one = fragment("a", Markup('\n<p id="a"><b>x</b></p>'))
    assert one.html == f'<p data-v="{one.version}" id="a"><b>x</b></p>'
    assert one.version == fragment("a", Markup('\n<p id="a"><b>x</b></p>')).version
    assert one.version != fragment("a", Markup('\n<p id="a"><b>y</b></p>')).version


def test_texts_that_were_made_up_to_have_one_checksum_have_two_versions():
    assert zlib.crc32(b"plumless") == zlib.crc32(b"buckeroo")
    assert fragment("a", Markup("<p>plumless</p>")).version != fragment("a", Markup("<p>buckeroo</p>")).version


def test_the_first_difference_is_everything_in_its_order():
    change = difference({}, rows("A", "B"))["rows"]
    assert [(id_, before) for id_, before, _, _ in change["put"]] == [("a", None), ("b", "a")]
    assert change["drop"] == []


def test_what_is_the_same_is_not_sent():
    assert difference(rows("A", "B"), rows("A", "B")) == {}


def test_what_is_new_is_placed_after_the_one_before_it_and_what_is_gone_is_dropped():
    change = difference(rows("A", "B", "C"), rows("N", "A", "C"))["rows"]
    assert [(id_, before) for id_, before, _, _ in change["put"]] == [("n", None)]
    assert change["drop"] == ["b"]


def test_one_change_in_a_thousand_rows_is_one_row():
    before = [str(number) for number in range(1000)]
    after = rows(*before)
    after["rows"][500] = fragment("500", Markup('<tr id="500"><td>changed</td></tr>'))
    change = difference(rows(*before), after)["rows"]
    assert [(id_, previous) for id_, previous, _, _ in change["put"]] == [("500", "499")]
