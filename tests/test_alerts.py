"""Daily alerts of a workspace and the command that raises them."""

import json
from datetime import date, timedelta

import pytest

from opsretro import InputError, cli, open_workspace
from opsretro.report.alert_text import lines, summary

GOALS = """\
goal_id,name,statement,kpi,owner,direction,unit,target,weight,start,deadline,aggregation,source
sales,Sales,,sales,growth-1,higher,count,3000,1,2026-01-01,2026-12-31,sum,metrics
calls,Calls,,calls,service-1,lower,count,300,1,2026-01-01,2026-12-31,sum,metrics
"""
LAST = date(2026, 9, 23)


def history(newest, *, days=120, base=100, weekend=60):
    """Values up to LAST, weekends lower, a ripple of 2 % and the newest day as given."""
    dates = [LAST - timedelta(days=days - 1 - n) for n in range(days)]
    values = [(weekend if day.weekday() >= 5 else base) + (n * 7) % 5 - 2 for n, day in enumerate(dates)]
    return dict(zip([str(day) for day in dates], [*values[:-1], newest], strict=True))


@pytest.fixture
def shop(tmp_path):
    """Write a workspace of two KPIs whose newest days are as given."""

    def written(sales, calls, *, toml='locale = "en"\n', rows=()):
        (tmp_path / "goals.csv").write_text(GOALS, encoding="utf-8")
        (tmp_path / "retro.toml").write_text(toml, encoding="utf-8")
        series = {"sales": history(sales), "calls": history(calls, base=50, weekend=30)}
        table = [f"{day},{kpi},{value}" for kpi, found in series.items() for day, value in found.items()]
        (tmp_path / "metrics.csv").write_text("\n".join(["date,kpi,value", *table, *rows, ""]), encoding="utf-8")
        return tmp_path

    return written


def alerts(folder, **more):
    return open_workspace(folder, lang="en", **more).alerts()


def command(folder, *more):
    return cli.main(["alerts", "--workspace", str(folder), *more])


def test_an_ordinary_day_is_no_news(shop, capsys):
    assert command(shop(100, 50)) == 0
    assert capsys.readouterr() == ("", "2 KPIs judged for 23 Sep 2026, 0 new.\n")


def test_a_fall_is_news_and_exits_four(shop, capsys):
    assert command(shop(50, 50)) == 4
    said = capsys.readouterr()
    assert said.out.startswith("Sales, 23 Sep 2026: 50, 50% below what such a day brings (") and "worse" in said.out
    assert said.err == "2 KPIs judged for 23 Sep 2026, 1 new.\n"


def test_a_sunday_is_compared_with_sundays(shop):
    sunday = alerts(shop(50, 50), as_of="2026-09-20")  # 2026-09-20 is a Sunday, at 60 where workdays are at 100
    assert sunday.day == "2026-09-20" and sunday.signals.empty


def test_news_is_told_once_and_not_again_the_day_after(shop):
    folder = shop(50, 50, rows=["2026-09-24,sales,51", "2026-09-24,calls,50"])
    assert alerts(folder, as_of="2026-09-23").signals["kpi"].tolist() == ["sales"]
    assert alerts(folder).signals.empty


def test_json_lines_hold_every_number(shop, capsys):
    assert command(shop(50, 50), "--format", "json") == 4
    row = json.loads(capsys.readouterr().out)
    assert (row["goal_id"], row["kind"], row["side"], row["better"], row["actual"]) == (
        "sales",
        "day",
        "down",
        "worse",
        50.0,
    )
    assert row["lower"] > 50 and row["change"] == pytest.approx(50 / row["expected"] - 1)


def test_more_calls_are_for_the_worse(shop):
    found = alerts(shop(100, 80))
    assert found.signals[["kpi", "side", "better"]].to_numpy().tolist() == [["calls", "up", "worse"]]


def test_words_come_in_chinese_too(shop, capsys):
    assert command(shop(50, 50), "--lang", "zh-CN") == 4
    said = capsys.readouterr()
    assert said.out.endswith("这是坏的方向。\n") and said.err.startswith("2026年9月23日：判断了 2 项指标")


@pytest.mark.parametrize("rule", ["size = 0.6", "count = 60", '[alerts.sales]\ndirection = "worse"\nsize = 0.6'])
def test_a_change_below_the_thresholds_is_no_news(shop, rule):
    assert alerts(shop(50, 50, toml=f"[alerts]\n{rule}\n")).signals.empty


def test_a_change_for_the_better_can_be_left_out(shop):
    assert len(alerts(shop(160, 50)).signals) == 1
    assert alerts(shop(160, 50, toml='[alerts]\ndirection = "worse"\n')).signals.empty


def test_a_kpi_without_a_value_that_day_is_named(shop):
    found = alerts(shop(100, 50, rows=["2026-09-24,sales,100"]))
    assert found.states == {"sales": "judged", "calls": "no_data"}
    assert summary(found, "en") == "1 KPI judged for 24 Sep 2026, 0 new. No value that day: Calls."


def test_a_day_whose_rows_are_not_all_in_is_not_judged(tmp_path):
    days = [str(LAST - timedelta(days=n)) for n in range(60)]
    rows = [f"{day},sales,{channel},10" for day in days for channel in "abc"]
    rows.remove(f"{LAST},sales,a,10")
    (tmp_path / "goals.csv").write_text("\n".join(GOALS.splitlines()[:2]) + "\n", encoding="utf-8")
    (tmp_path / "metrics.csv").write_text("\n".join(["date,kpi,channel,value", *rows, ""]), encoding="utf-8")
    found = alerts(tmp_path)
    assert found.states == {"sales": "incomplete"} and found.signals.empty


def test_a_day_that_was_loaded_before_its_end_waits(tmp_path):
    days = [LAST - timedelta(days=n) for n in range(60)]
    rows = [f"{day},sales,{20 if day == LAST else 100},{day}T12:00:00Z" for day in days]
    (tmp_path / "goals.csv").write_text("\n".join(GOALS.splitlines()[:2]) + "\n", encoding="utf-8")
    (tmp_path / "metrics.csv").write_text("\n".join(["date,kpi,value,loaded_at", *rows, ""]), encoding="utf-8")
    found = alerts(tmp_path)  # loaded at 20:00 in Shanghai, so the 22nd is the newest whole day
    assert found.day == "2026-09-22" and found.signals.empty


def test_alerts_publish_nothing(shop):
    folder = shop(50, 50)
    before = sorted(path.name for path in folder.iterdir())
    command(folder)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_bad_input_is_refused_with_every_problem(shop, capsys):
    folder = shop(50, 50, rows=["2026-09-24,sales,much"])
    assert command(folder) == 2
    assert "'much' is not a number" in capsys.readouterr().err


def test_the_planted_bug_of_the_sample_is_found_on_its_second_day():
    found = open_workspace("data", lang="en", as_of="2026-09-23").alerts()  # the bug begins on 2026-09-22
    assert found.signals["kpi"].tolist() == ["conversion"] and lines(found, "en")[0].startswith("Conversion, 23 Sep")


def test_a_goal_written_as_one_row_a_span_is_watched_in_each(shop):
    folder = shop(50, 50)
    first, second = (
        GOALS.splitlines()[1].replace("sales,Sales", f"{name},Sales").replace("2026-01-01,2026-12-31", span)
        for name, span in (("h1", "2026-01-01,2026-06-30"), ("h2", "2026-07-01,2026-12-31"))
    )
    (folder / "goals.csv").write_text("\n".join([GOALS.splitlines()[0], first, second, ""]), encoding="utf-8")
    assert alerts(folder).signals["goal_id"].tolist() == ["h2"]


def test_a_rule_for_nothing_is_refused(shop):
    with pytest.raises(
        InputError, match=r"^retro\.toml: 1 problem\. \[alerts\.sells\] names no KPI or goal; write one of"
    ):
        alerts(shop(50, 50, toml="[alerts.sells]\nsize = 0.1\n"))


def test_a_weekly_kpi_is_not_watched(shop):
    folder = shop(50, 50)
    table = (folder / "metrics.csv").read_text(encoding="utf-8").splitlines()
    weekly = [line for n, line in enumerate(line for line in table if ",calls," in line) if n % 7 == 0]
    rows = [line for line in table if ",calls," not in line]
    (folder / "metrics.csv").write_text("\n".join([*rows, *weekly, ""]), encoding="utf-8")
    assert alerts(folder).states == {"sales": "judged"}
