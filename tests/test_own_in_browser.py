"""A team's own section as people see it: on a wide screen and a phone, in both languages, in a real browser."""

import numpy as np
import pandas as pd
import pytest
from browsing import skip_without_chromium

skip_without_chromium()

from page_looks import browser, unfolded  # noqa: E402
from test_page_in_browser import CUT, DESKTOP, FAINT, PAGES, PHONE, READ, TOUCHING  # noqa: E402

from opsretro.analysis.own_result import TeamResult  # noqa: E402
from opsretro.report.look import css_tokens  # noqa: E402
from opsretro.report.templates import style  # noqa: E402
from opsretro.report.views import view  # noqa: E402
from opsretro.words import LANGUAGES  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["browser", "unfolded"]
EVIL = "<script>alert(1)</script> $x^2$ =1+1"
BROKEN = """() => [...document.querySelectorAll(".own td:not(.text)")].filter(cell => {
    const inside = document.createRange()
    inside.selectNodeContents(cell)
    return cell.checkVisibility() && inside.getClientRects().length > 1
}).map(cell => cell.textContent)"""
"""Numbers that are broken over several lines."""


def results():
    months = [f"2026-{month:02d}" for month in range(1, 11)]
    days = pd.DataFrame({"day": pd.date_range("2026-08-03", periods=60)})
    for place, name in enumerate(("App", "小程序", "Search engine, paid placement", "到店", "直播", "邮件")):
        days[name] = 100 + 20 * place + 9 * np.sin(np.arange(60) / (3 + place))
    shares = {"原因": ["尺码不符", "Other reasons, none of them large"], "9月": [0.31, 0.22], "10月": [0.27, np.nan]}
    wide = pd.DataFrame({f"column {n}": [1_234_567.0 * n, -n] for n in range(20)})
    yield TeamResult.of(
        pd.DataFrame({"month": months, "客诉量": range(63, 53, -1)}), answer="下降 · Down", chart="line"
    )
    yield TeamResult.of(days, answer="渠道 · Channels", chart="line", title="渠道 · Channels", unit="count")
    yield TeamResult.of(pd.DataFrame(shares), answer="尺码 · Size", chart="bars", title="原因 · Why", unit="percent")
    yield TeamResult.of(wide, answer="很宽 · Wide", sure="n = 2")
    hostile = pd.DataFrame({EVIL: [EVIL, "X" * 120], f"{EVIL} n": [1, 2]})
    yield TeamResult.of(hostile, answer=EVIL, title=EVIL, sure=EVIL, chart="bars")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("month")
    for name, lang in zip(PAGES, LANGUAGES, strict=True):
        body = "".join(f"<section>{view(result.in_language(lang)).section()}</section>" for result in results())
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{lang}</title>'
        head += f"<style>{css_tokens()}{style()}</style>"
        page = f'<!doctype html><html lang="{lang}"><head>{head}</head><body><main>{body}</main></body></html>'
        (folder / name).write_text(page, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_scrolls_sideways_and_no_number_is_broken(unfolded, name, size):
    page = unfolded(name, size)
    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [size[0], size[0]]
    assert page.evaluate(BROKEN) == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_words_of_charts_are_whole_and_do_not_touch(unfolded, name, size):
    page = unfolded(name, size)
    assert (page.evaluate(CUT), page.evaluate(TOUCHING)) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_background(unfolded, scheme):
    count, faint = unfolded(PAGES[0], scheme=scheme).evaluate(FAINT, READ)
    assert count > 60 and faint == []


def test_the_page_asks_for_nothing_and_runs_nothing(unfolded):
    page = unfolded(PAGES[0])
    assert (len(page.requests), page.complaints, page.evaluate("document.scripts.length")) == (1, [], 0)
