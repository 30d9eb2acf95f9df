"""A team's own result: made in one cell, kept unrounded, refused with every problem at once."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import opsretro
from opsretro.analysis.own_result import TeamResult
from opsretro.analysis.own_table import MOST_COLUMNS, MOST_ROWS
from opsretro.errors import InputError
from opsretro.report.views import load

EVIL = "<script>alert(1)</script> $x^2$ =1+1"
MONTHS = pd.DataFrame(
    {"month": ["2026-08", "2026-09", "2026-10"], "complaints": [41, 36, 30], "rate": [0.1, 1 / 3, np.nan]}
)
ANSWER = {"zh-CN": "客诉量连续两个月下降", "en": "Complaints fell for two months"}


NO_NUMBERS = (
    "chart: 1 problem. A chart needs a column of numbers beside the first one; "
    "choose the columns, or leave the chart out."
)


def of(frame=MONTHS, answer=ANSWER, **more):
    return TeamResult.of(frame, answer=answer, **more)


def column(values, **more):
    """Kind and values of a column as a result keeps them."""
    result = of(pd.DataFrame({"x": pd.Series(values, **more)}))
    return result.columns["kind"].item(), result.rows["x"].tolist()


def refused(**given):
    with pytest.raises(InputError, match=r"problem|个问题") as caught:
        of(**given)
    return str(caught.value).splitlines()


def test_it_is_a_public_name_of_the_package():
    assert opsretro.TeamResult is TeamResult


@pytest.mark.parametrize(("lang", "text"), ANSWER.items())
def test_the_headline_is_the_answer_in_the_language_of_the_result(lang, text):
    assert of(lang=lang).headline == text


@pytest.mark.parametrize("answer", ["客诉量下降 · Complaints fell", {"en": "客诉量下降 · Complaints fell"}])
def test_an_answer_in_one_language_serves_both(answer):
    assert {of(answer=answer, lang=lang).headline for lang in ("zh-CN", "en")} == {"客诉量下降 · Complaints fell"}


def test_the_answer_is_told_as_a_list_of_findings_would_be():
    assert (of().sentences(), of().to_frame().equals(of().rows)) == ([], True)


def test_nothing_is_rounded_on_the_way_to_json_and_back():
    result = of(
        title="客诉 · Complaints",
        how="Counted by hand",
        sure="One team of three",
        chart="line",
        unit={"rate": "percent"},
    )
    back = TeamResult.from_dict(json.loads(result.to_json()))
    pd.testing.assert_frame_equal(back.rows, result.rows)
    assert back.to_json() == result.to_json()
    assert json.loads(result.to_json())["rows"][1]["rate"] == 1 / 3


def test_what_it_saves_is_loaded_like_every_other_section(tmp_path):
    path = of().save(tmp_path)
    shown = load(json.loads(path.read_text("utf-8")), lang="zh-CN")
    assert (path.name, type(shown), shown.headline) == ("own.json", TeamResult, ANSWER["zh-CN"])


def test_without_a_folder_nothing_is_saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (of().save(), list(Path().iterdir())) == (None, [])


NOON = dt.datetime(2026, 10, 1, 12, 30, tzinfo=dt.UTC)
KINDS = [
    ([1, 2], {}, "int64", [1, 2]),
    ([1, None], {"dtype": "Int64"}, "float64", [1.0, math.nan]),
    ([0.1, 2], {"dtype": "object"}, "float64", [0.1, 2.0]),
    ([Decimal("0.1"), None], {}, "float64", [0.1, math.nan]),
    ([2**63], {"dtype": "uint64"}, "float64", [2.0**63]),
    ([10**400, 1], {"dtype": "object"}, "text", [str(10**400), "1"]),
    ([math.nan, None], {"dtype": "float64"}, "float64", [math.nan, math.nan]),
    ([None, None], {"dtype": "object"}, "text", ["", ""]),
    (["a", None, math.nan], {"dtype": "object"}, "text", ["a", "", ""]),
    (["a", 1], {}, "text", ["a", "1"]),
    ([["a"], {"b": 1}], {}, "text", ["['a']", "{'b': 1}"]),
    (["b", "a"], {"dtype": "category"}, "text", ["b", "a"]),
    ([True, False], {}, "yes_no", [True, False]),
    ([True, None], {"dtype": "boolean"}, "yes_no", [True, None]),
    (pd.to_datetime(["2026-10-01", None]), {}, "date", ["2026-10-01", ""]),
    ([dt.date(2026, 10, 1)], {}, "date", ["2026-10-01"]),
    ([NOON], {}, "date", ["2026-10-01 12:30"]),
    (pd.period_range("2026-09", periods=2, freq="M"), {}, "date", ["2026-09", "2026-10"]),
    (pd.to_timedelta(["1 day"]), {}, "text", ["1 days 00:00:00"]),
]


@pytest.mark.parametrize(("values", "more", "kind", "kept"), KINDS)
def test_every_kind_of_column_is_kept(values, more, kind, kept):
    found, cells = column(values, **more)
    assert found == kind
    assert repr(cells) == repr(kept)


@pytest.mark.parametrize(("values", "more", "kind", "kept"), KINDS)
def test_every_kind_of_column_survives_json_and_is_shown(values, more, kind, kept):
    result = of(pd.DataFrame({"x": pd.Series(values, **more)}))
    back = TeamResult.from_dict(json.loads(result.to_json()))
    assert (repr(back.rows["x"].tolist()), back.columns["kind"].item(), len(back.table())) == (
        repr(kept),
        kind,
        len(kept),
    )


@pytest.mark.parametrize(
    ("frame", "names"),
    [
        (MONTHS.set_index("month"), ["month", "complaints", "rate"]),
        (MONTHS[MONTHS["complaints"] < 40], ["month", "complaints", "rate"]),
        (MONTHS.groupby(["month", "complaints"]).sum(), ["month", "complaints", "rate"]),
        (pd.DataFrame({"n": [1]}, index=["Xi'an"]), ["", "n"]),
        (MONTHS.set_index("month").agg(["min", "max"]), ["", "complaints", "rate"]),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("c", "")])), ["a · b", "c"]),
        (pd.DataFrame([[1, 2]], columns=[2025, pd.Timestamp("2026-10-01")]), ["2025", "2026-10-01"]),
    ],
)
def test_an_index_that_says_something_comes_first_and_names_become_text(frame, names):
    assert of(frame).columns["name"].tolist() == names


def test_the_frame_of_the_notebook_is_not_touched():
    frame = MONTHS.copy()
    result = of(frame, chart="line")
    rows = result.rows
    rows.loc[:, "complaints"] = 0
    assert result.rows["complaints"].tolist() == [41, 36, 30]
    pd.testing.assert_frame_equal(frame, MONTHS)


def test_a_unit_for_all_goes_to_the_columns_of_numbers():
    assert of(unit="percent").columns["unit"].tolist() == ["", "percent", "percent"]


FRAMES = [
    (
        MONTHS["complaints"],
        "frame: 1 problem. This is Series, no table; give a pandas DataFrame, of a Series its to_frame().",
    ),
    (MONTHS.head(0), "frame: 1 problem. The table has no rows or no columns; give one that has, or save nothing."),
    (
        pd.DataFrame(index=range(3)),
        "frame: 1 problem. The table has no rows or no columns; give one that has, or save nothing.",
    ),
    (pd.DataFrame([[1, 2]], columns=["n", "n"]), "frame: 1 problem. Column 'n': the header has it twice; keep one."),
    (pd.DataFrame([[1, 2]], columns=["1", 1]), "frame: 1 problem. Column '1': the header has it twice; keep one."),
    (
        pd.DataFrame({"n": [1.0, math.inf, -math.inf]}),
        "frame: 1 problem. Column 'n', rows 3 and 4: a value is infinite; leave it missing.",
    ),
    (
        pd.DataFrame({"n": range(MOST_ROWS + 1)}),
        "frame: 1 problem. The table has 10001 × 1 rows and columns, and at most 10000 × 50 are kept; sum it up first.",
    ),
    (
        pd.DataFrame([range(MOST_COLUMNS + 1)]),
        "frame: 1 problem. The table has 1 × 51 rows and columns, and at most 10000 × 50 are kept; sum it up first.",
    ),
]


@pytest.mark.parametrize(("frame", "line"), FRAMES, ids=range(len(FRAMES)))
def test_a_frame_that_is_no_table_is_refused(frame, line):
    assert refused(frame=frame) == [line]


def test_the_largest_table_is_kept():
    assert len(of(pd.DataFrame({"n": range(MOST_ROWS)})).rows) == MOST_ROWS


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"chart": "pie"}, "chart: 1 problem. 'pie' is not known; write one of: line, bars."),
        (
            {"frame": MONTHS[["month"]], "chart": "line"},
            NO_NUMBERS,
        ),
        (
            {"frame": MONTHS[["complaints"]], "chart": "bars"},
            NO_NUMBERS,
        ),
        (
            {"frame": MONTHS.assign(month="2026-10"), "chart": "line"},
            "chart: 1 problem. A line needs each value of its first column once, and '2026-10' is there more than "
            'once; sum it up or pivot it, or write chart="bars".',
        ),
        ({"answer": " "}, "answer: 1 problem. It is empty; write the answer in one sentence."),
        ({"answer": {}}, "answer: 1 problem. It is empty; write the answer in one sentence."),
        (
            {"answer": {"fr": "Oui", "en": "Yes"}},
            "answer: 1 problem. 'fr' is not a language this kit speaks; write zh-CN or en.",
        ),
        (
            {"title": 7},
            'title: 1 problem. This is int, no text; write a text, or one a language as in {"zh-CN": "…", "en": "…"}.',
        ),
        ({"unit": {"n": "count"}}, "unit: 1 problem. The table has no column 'n'; it has month, complaints, rate."),
        ({"unit": {"month": "count"}}, "unit: 1 problem. Column 'month' holds no numbers; leave its unit out."),
        ({"unit": "kg"}, "unit: 1 problem. 'kg' is not known; write one of: percent, fraction, count, currency."),
        ({"lang": "fr"}, "lang: 1 problem. 'fr' is not a language this kit speaks; write zh-CN or en."),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write_instead(given, line):
    assert refused(**given) == [line]


def test_all_problems_are_told_at_once():
    assert [
        line.split(":")[0] for line in refused(frame=None, answer="", title={"de": "x"}, chart="pie", unit="kg")
    ] == [
        "frame",
        "answer",
        "title",
        "chart",
    ]


def test_problems_are_told_in_the_language_of_the_result():
    assert refused(chart="pie", lang="zh-CN") == ["chart：1 个问题。不认识“pie”；请写其中之一：line, bars。"]


def test_hostile_text_is_kept_as_it_is():
    result = of(pd.DataFrame({EVIL: [EVIL], "n": [1]}), answer=EVIL, title=EVIL, how=EVIL, sure=EVIL)
    back = TeamResult.from_dict(json.loads(result.to_json()))
    assert (back.headline, back.rows[EVIL].item(), back.table().columns[0]) == (EVIL, EVIL, EVIL)
