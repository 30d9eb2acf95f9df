"""The health review of a period: which month, what of it is published, what late forms change, workload, comments."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from health_cases import IDS, answers, codes, export, months, published, review, write_survey

from opsretro.analysis.health_months import workload_beside
from opsretro.analysis.health_review import HealthReview
from opsretro.errors import InputError
from opsretro.report.views import load

SIZES = {"growth": 7, "content": 5}


def same(one: HealthReview, other: HealthReview) -> bool:
    return one.to_dict() == other.to_dict()


def test_a_month_that_runs_is_not_looked_at(tmp_path):
    write_survey(tmp_path, answers(SIZES), comments=["十月的一句话在这里"])
    found = review(tmp_path, as_of="2026-10-20")
    assert (found.state, found.month, codes(found)) == ("running", "", {"running"})
    assert found.cells.empty and found.comments.empty and found.participation.empty and found.n_comments == 0


@pytest.mark.parametrize("day", ["2026-10-31", "2026-11-01"])
def test_a_month_whose_last_day_is_in_is_over(tmp_path, day):
    # as of a day means the whole of it; without loaded_at it is the last day of metrics
    write_survey(tmp_path, answers(SIZES))
    assert review(tmp_path, as_of=day).state == "shown"


def test_the_running_month_of_a_quarter_gives_way_to_the_newest_that_is_over(tmp_path):
    write_survey(tmp_path, answers(SIZES, months(3, "2026-09")))
    found = review(tmp_path, "2026-Q3", as_of="2026-09-10")
    assert (found.month, found.cells["month"].max()) == ("2026-08", "2026-08")


@pytest.mark.parametrize(("period", "month"), [("2026-Q3", "2026-09"), ("2026", "2026-10"), ("2026-08", "2026-08")])
def test_a_period_judges_its_newest_month_and_pools_nothing(tmp_path, period, month):
    write_survey(tmp_path, answers({"growth": 7}, months(3)))
    found = review(tmp_path, period)
    assert found.month == month and set(found.cells["month"]) == {each for each in months(3) if each <= month}
    assert found.cells["n"].max() == 7
    monthly = review(tmp_path, month).to_dict() | {"period": ""}
    assert found.to_dict() | {"period": ""} == monthly


def test_thirteen_months_are_shown_and_no_more(tmp_path):
    write_survey(tmp_path, answers({"growth": 5}, months(14)))
    assert sorted(set(review(tmp_path).cells["month"])) == months(13)


def test_a_period_without_answers_says_so(tmp_path):
    write_survey(tmp_path, answers(SIZES))
    found = review(tmp_path, "2026-07")
    assert (found.state, codes(found)) == ("no_answers", {"no_answers"})


def test_a_month_that_cannot_be_published_has_withheld_cells_only(tmp_path):
    write_survey(tmp_path, answers({"growth": 4}))
    found = review(tmp_path)
    assert (found.state, found.dimensions.empty, found.changes.empty) == ("withheld", True, True)
    assert found.cells["suppressed"].all() and set(found.cells["reason"]) == {"few"}
    assert found.cells[["mean", "low", "middle", "high"]].isna().all(axis=None)


def test_everybody_at_the_top_is_withheld_as_well(tmp_path):
    frame = answers(SIZES)
    frame[IDS] = [5, 1, 5, 5]
    write_survey(tmp_path, frame)
    found = review(tmp_path)
    assert found.state == "withheld" and set(found.cells["reason"]) == {"audit"}


def test_figures_stay_as_published_when_the_exports_are_gone(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES, months(3)))
    before = published(tmp_path)
    for month in months(3):
        (folder / f"{month}.csv").unlink()
    after = review(tmp_path)
    assert after.state == "shown"
    for name in ("cells", "dimensions", "changes", "participation"):
        pd.testing.assert_frame_equal(getattr(after, name), getattr(before, name))


@pytest.mark.parametrize(
    ("header", "teams", "sizes"),
    [
        ("团队", True, {"B": 7, "a": 5}),
        ("团队", True, {"a": 7, "a b": 5}),
        ("团队", True, {"a,b": 7, "a": 5}),
        ("Department", False, {"a": 7, "b": 5}),
    ],
)
def test_the_second_run_of_a_month_says_the_same_in_the_same_order(tmp_path, header, teams, sizes):
    write_survey(tmp_path, answers(sizes, months(2)), header=header, teams=teams)
    first = published(tmp_path)
    again = review(tmp_path)
    assert again.groups == first.groups and first.groups[0] == "all"
    assert same(again, first)


def late(workspace, n: int, said: str = "") -> HealthReview:
    """A published month, reviewed again after more forms came in."""
    folder = write_survey(workspace, answers(SIZES), comments=["流程审批太慢了一点"])
    published(workspace)
    export(answers({"growth": n}, seed=8), folder / "2026-10 late.csv", comments=[said], start=70)
    return review(workspace)


def test_late_forms_are_counted_and_change_no_figure(tmp_path):
    found = late(tmp_path, 3)
    first = published(tmp_path)
    assert [finding.n for finding in found.findings if finding.code == "late"] == [3]
    assert found.cells["n"].max() == 12 == first.cells["n"].max()


def test_the_comment_of_a_late_form_is_not_shown(tmp_path):
    # beside the page of yesterday it would be known whose it is
    found = late(tmp_path, 1, "迟到的人说了这样一句话")
    assert "迟到的人说了这样一句话" not in set(found.comments["text"])


def test_skipped_answers_make_no_late_forms(tmp_path):
    frame = answers(SIZES)
    frame.loc[range(4), IDS] = np.where(np.eye(4, dtype=bool), np.nan, frame.loc[range(4), IDS])
    write_survey(tmp_path, frame)
    published(tmp_path)
    assert "late" not in codes(review(tmp_path))


def test_participation_counts_the_people_of_the_most_answered_item(tmp_path):
    frame = answers(SIZES)
    frame.loc[range(4), IDS] = np.where(np.eye(4, dtype=bool), np.nan, frame.loc[range(4), IDS])
    write_survey(tmp_path, frame)
    asked = review(tmp_path).participation.set_index("group")
    assert asked.loc["all", ["n", "headcount", "share"]].tolist() == [11, 12, 11 / 12]


def test_a_month_published_by_another_team_size_is_refused(tmp_path):
    from opsretro.tables.health_register import record

    folder = write_survey(tmp_path, answers(SIZES))
    published(tmp_path)
    other = tmp_path / "other"
    write_survey(other, answers({"growth": 7, "content": 6}))
    with pytest.raises(InputError, match="2026-10 was published with other figures"):
        record(folder / "published.csv", review(other).register_rows())


def test_looking_writes_nothing(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES))
    before = sorted(path.name for path in folder.iterdir())
    review(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_small_team_has_no_comments_and_no_distribution_and_cannot_tell(tmp_path):
    write_survey(tmp_path, answers({"growth": 8}, months(3)), comments=["一句话关于加班太多了"])
    found = review(tmp_path)
    assert found.state == "shown" and found.comments.empty and found.themes.empty and found.n_comments == 1
    assert found.cells[["low", "middle", "high"]].isna().all(axis=None)
    assert "cannot_tell" in codes(found) and not {"up", "down", "steady"} & codes(found)


SAID = [f"第{n}条意见：希望流程简单一些" for n in "一二三四五六七八九十"]


def test_comments_stand_in_an_order_of_their_own(tmp_path):
    write_survey(tmp_path, answers({"growth": 10}), comments=SAID)
    found = review(tmp_path).comments["text"].tolist()
    other = tmp_path / "other"
    write_survey(other, answers({"growth": 10}, seed=5), comments=SAID[::-1])
    assert found == review(other).comments["text"].tolist() and sorted(found) == sorted(SAID)
    assert found not in (SAID, SAID[::-1])


@pytest.mark.parametrize(("n", "shown"), [(9, 0), (10, 2)])
def test_comments_need_ten_answers(tmp_path, n, shown):
    write_survey(tmp_path, answers({"growth": n}), comments=["流程太慢了真的很慢", "加班太多了真的很多"])
    found = review(tmp_path)
    assert (len(found.comments), found.n_comments) == (shown, 2)


def test_suggestions_of_a_small_team_are_not_shown_either(tmp_path):
    folder = write_survey(tmp_path, answers({"growth": 8}))
    (folder / "suggestions.csv").write_text("month,suggestion\n2026-10,换一台咖啡机\n", encoding="utf-8")
    assert review(tmp_path).suggestions.empty


@pytest.mark.parametrize(("sizes", "period"), [(SIZES, "2026-10"), ({"growth": 3}, "2026-10"), (SIZES, "2026-Q1")])
def test_json_gives_the_review_back(tmp_path, sizes, period):
    write_survey(tmp_path, answers(sizes, months(2)), comments=SAID)
    found = review(tmp_path, period)
    again = load(found.to_dict(), lang="en")
    assert isinstance(again, HealthReview) and same(again, found)


def hours(sizes: dict[str, int], seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [("2026-10", team, n, n * 160.0, float(n * 160 + rng.integers(5, 90))) for team, n in sizes.items()]
    return pd.DataFrame(rows, columns=["month", "group", "headcount", "contracted_hours", "worked_hours"])


@pytest.mark.parametrize(
    "sizes",
    [
        {"a": 9, "b": 3},
        {"a": 9, "b": 7, "c": 4},
        {"a": 9, "b": 7, "c": 2, "d": 2},
        {"a": 9, "b": 7, "c": 3, "d": 2},
        {"a": 6, "b": 4},
        {"a": 4},
        {"a": 5, "b": 1},
        {"a": 12, "b": 5, "c": 5, "d": 1},
    ],
)
@pytest.mark.parametrize("surveyed", [True, False])
def test_nobody_can_subtract_the_hours_of_less_than_five_people(sizes, surveyed):
    for seed in range(3):
        table = hours(sizes, seed)
        rows = [("2026-10", f"team={team}", n < 5 or (n + seed) % 3 == 0) for team, n in sizes.items()] * surveyed
        cells = pd.DataFrame(rows, columns=["month", "group", "suppressed"]).astype({"suppressed": "bool"})
        beside = workload_beside(table, cells).set_index("group")
        hidden = [n for team, n in sizes.items() if beside.loc[f"team={team}", "suppressed"]]
        assert beside.loc[beside["suppressed"], ["overtime", "training_hours", "leave_days"]].isna().all(axis=None)
        assert not beside.loc["all", "suppressed"] or sum(sizes.values()) < 5
        assert not hidden or sum(hidden) >= 5 or beside.loc["all", "suppressed"]


def test_hours_follow_what_the_survey_shows_of_a_group(tmp_path):
    write_survey(tmp_path, answers({"growth": 12, "content": 9, "tiny": 4}))
    hours({"growth": 12, "content": 9, "tiny": 4}, 1).to_csv(tmp_path / "workload.csv", index=False)
    found = review(tmp_path).workload.set_index("group")["suppressed"].to_dict()
    # four hidden people alone would be everybody minus the others: the next smallest team is hidden with them
    assert found == {"all": False, "team=growth": False, "team=content": True, "team=tiny": True}


def test_a_team_with_hours_that_is_not_in_the_survey_is_not_shown(tmp_path):
    write_survey(tmp_path, answers({"growth": 12, "content": 9}))
    hours({"growth": 12, "content": 9, "others": 20}, 1).to_csv(tmp_path / "workload.csv", index=False)
    found = review(tmp_path).workload.set_index("group")["suppressed"]
    assert found["team=others"] and not found["team=growth"]


def test_a_survey_answered_in_part_hides_the_hours_of_a_team_that_hardly_answered(tmp_path):
    write_survey(tmp_path, answers({"growth": 12, "content": 9, "service": 2}))
    hours({"growth": 12, "content": 9, "service": 11}, 1).to_csv(tmp_path / "workload.csv", index=False)
    assert review(tmp_path).workload.set_index("group")["suppressed"]["team=service"]


def test_without_any_table_of_days_the_newest_month_is_not_taken_for_over(tmp_path):
    # no table says which day it is, so the calendar on the wall does
    this_month = f"{date.today():%Y-%m}"
    write_survey(tmp_path, answers(SIZES).assign(month=this_month))
    is_last_day = (date.today() + timedelta(days=1)).day == 1
    assert review(tmp_path, this_month, as_of=None).state == ("shown" if is_last_day else "running")


def test_answers_that_count_twice_are_refused_before_a_small_team_looks_large(tmp_path):
    frame = answers({"growth": 3})
    folder = write_survey(tmp_path, frame)
    export(frame, folder / "2026-10 as another tool wrote it.csv", header="Team", start=40)
    message = r"^teams\.csv: 2 problems\. More answers than people in 2026-10 \(all\); the same answers may stand in "
    with pytest.raises(InputError, match=message):
        review(tmp_path)


def test_a_form_with_nothing_but_a_comment_tells_nobody_whose_it_is(tmp_path):
    frame = answers(SIZES)
    folder = write_survey(tmp_path, frame, comments=["原来的一句话"])
    published(tmp_path)
    silent = answers({"growth": 1}).assign(**dict.fromkeys(IDS, np.nan))
    export(silent, folder / "2026-10 late.csv", comments=["后来的一句话"], start=70)
    assert list(review(tmp_path).comments["text"]) == ["原来的一句话"]


def test_an_export_that_is_gone_takes_the_comments_with_it(tmp_path):
    frame = answers(SIZES)
    folder = write_survey(tmp_path, frame)
    for team, rows in frame.groupby("team"):
        export(
            rows,
            folder / f"2026-10 {team}.csv",
            comments=[f"{team}的话"] * len(rows),
            start=20 if team == "growth" else 50,
        )
    (folder / "2026-10.csv").unlink()
    assert len(published(tmp_path).comments) == 12
    (folder / "2026-10 growth.csv").unlink()
    assert review(tmp_path).comments.empty


def test_a_month_in_which_every_dimension_lacks_an_item_is_still_shown(tmp_path):
    top = answers(SIZES).assign(late=1.0, load=[1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 3, 3], calm=5.0, trust=5.0)
    write_survey(tmp_path, top)
    found = review(tmp_path)
    assert found.state == "shown" and set(found.changes["verdict"]) == {"cannot_tell"}


def test_a_dimension_that_asks_another_question_is_no_change(tmp_path):
    frame = answers({"growth": 12}, months(9)).assign(load=4.0)
    frame.loc[frame["month"] < "2026-10", "late"] = np.nan  # asked for the first time, and answered badly
    frame.loc[frame["month"] == "2026-10", "late"] = [4, 4, 4, 4, 5, 5, 5, 5, 4, 4, 5, 5]
    frame["load"] = np.resize([4.0, 3.0, 5.0, 4.0, 4.0], len(frame))
    write_survey(tmp_path, frame)
    row = review(tmp_path).changes.set_index(["group", "dimension"]).loc[("all", "workload")]
    assert (row["verdict"], row["n_months"]) == ("cannot_tell", 0)


def test_marks_of_another_width_are_the_same_team(tmp_path):
    frame = answers({"内容组（新）": 7, "growth": 6})
    write_survey(tmp_path, frame)
    heads = {"内容组（新）": 7, "growth": 6}
    rows = [f"2026-10,{team},{n},{n * 160},{n * 170}" for team, n in heads.items()]
    header = "month,group,headcount,contracted_hours,worked_hours"
    (tmp_path / "workload.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    found = review(tmp_path)
    assert found.participation.set_index("group").loc["team=内容组(新)", "headcount"] == 7
    assert not found.workload.set_index("group").loc["team=内容组(新)", "suppressed"]


def test_early_months_are_counted_in_what_cannot_be_told(tmp_path):
    write_survey(tmp_path, answers({"growth": 12}, months(3)))
    assert set(review(tmp_path).changes["n_months"]) == {2}


def test_a_group_that_no_export_has_is_named_with_those_there_are(tmp_path):
    write_survey(tmp_path, answers(SIZES))
    (tmp_path / "retro.toml").write_text('[survey]\ngroups = ["team", "tenure"]\n', encoding="utf-8")
    message = r"^retro\.toml: 1 problem\. \[survey\] groups names 'tenure', which no export of the survey has"
    with pytest.raises(InputError, match=message):
        review(tmp_path)
