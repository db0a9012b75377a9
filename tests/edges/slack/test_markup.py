"""Slack's markup: a rendered span cannot leave its place, and the stored text of an earlier version is read."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.notify.text import Line, Message, Sign, Span, Style, bullets, code, codes, line, name, one_line
from reconciler.edges.slack.delivery import Posted, _read
from reconciler.edges.slack.markup import read_line, render, render_line, render_list

SPANS = st.builds(Span, st.text(), st.sampled_from(Style))


@given(st.text())
def test_no_span_can_mention_link_or_leave_its_line(text: str) -> None:
    for span in (name(text), code(text), Span(one_line(text))):
        shown = render_line(line(span))
        assert not set(shown) & set("<>\n\r")
        assert "&" not in shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert render_line(Line((code(text),))).count("`") == 2


@given(st.lists(SPANS), st.booleans())
def test_every_character_of_a_line_is_escaped(spans: list[Span], bullet: bool) -> None:
    assert not set(render_line(Line(tuple(spans), bullet))) & set("<>")


@given(st.lists(st.builds(Span, st.text("ab <&>:", min_size=1), st.sampled_from(Style)), max_size=6))
def test_a_stored_title_reads_as_it_was_rendered(spans: list[Span]) -> None:
    title = Line(tuple(spans))
    assert render_line(read_line(render_line(title))) == render_line(title)


def test_a_message_has_its_sign_its_title_and_its_details() -> None:
    message = Message(line(name("develop/a&b"), " drifted"), bullets([line(code("a.`b`"))] * 12, most=2), Sign.PROBLEM)
    assert render(message).splitlines() == [
        ":red_circle: *develop/a&amp;b* drifted",
        "• `a.'b'`",
        "• `a.'b'`",
        "… and 10 more",
    ]
    assert render(None) == ""
    assert render_line(codes(["a", "b", "c"], 2)) == "`a`, `b` and 1 more"


def test_many_messages_become_few_posts() -> None:
    posts = render_list([Message(line(f"problem {number}")) for number in range(23)])
    assert [post.count("problem") for post in posts] == [10, 10, 3]


def test_a_thread_that_version_0_1_0_stored_is_read() -> None:
    stored = (
        '{"problem": {"topic": "drift", "key": null, "since": "2026-03-02T09:00:00Z", "said": "x",'
        ' "title": "*develop/orders* drifted: `a &lt; b`", "applied_at": null, "applied_source": null, "reminded": 0},'
        ' "address": ADDRESS, "burst": 0}'
    )
    posted = _read(stored.replace("ADDRESS", '{"channel": "C1", "ts": "1.0"}'))
    assert isinstance(posted, Posted)
    assert posted.problem.title == line(name("develop/orders"), " drifted: ", code("a < b"))
