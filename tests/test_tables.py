"""Reading: encodings, dates, settings, headers, and a new workspace."""

from __future__ import annotations

from datetime import date

import chinese_calendar
import pandas as pd
import pytest

from opsretro import InputError, cli, open_workspace
from opsretro.tables.calendar import working_calendar
from opsretro.tables.cells import convert
from opsretro.tables.contracts import CONTRACTS, Column, Kind
from opsretro.tables.goal_settings import AlertRule, Rebase
from opsretro.tables.inputs import read_inputs
from opsretro.tables.parse import parse_date
from opsretro.tables.period import Period
from opsretro.tables.settings import read_settings

HEADER = "goal_id,name,statement,kpi,owner,direction,unit,target,weight,start,deadline,aggregation,source\n"
CHINESE = HEADER + "成交额,成交额,每月三百,sales,growth-1,higher,count,300,1,2026-01-01,2026-12-31,sum,metrics\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_one_table_in_three_encodings_reads_the_same(workspace, encoding):
    (workspace / "goals.csv").write_bytes(CHINESE.encode(encoding))
    assert read_inputs(workspace).tables["goals"]["goal_id"].tolist() == ["成交额"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do(workspace, end):
    (workspace / "goals.csv").write_bytes(CHINESE.replace("\n", end).encode())
    assert len(read_inputs(workspace).tables["goals"]) == 1


def test_a_missing_last_line_end_is_no_problem(workspace):
    (workspace / "goals.csv").write_text(CHINESE.rstrip("\n"), encoding="utf-8")
    assert len(read_inputs(workspace).tables["goals"]) == 1


def test_quoted_text_may_hold_commas_quotes_and_line_ends(workspace):
    text = CHINESE.replace("每月三百", '"三百, ""不含"" 退款\n第二行"')
    (workspace / "goals.csv").write_text(text, encoding="utf-8")
    assert read_inputs(workspace).tables["goals"]["statement"].tolist() == ['三百, "不含" 退款\n第二行']


def test_odd_text_is_no_input_error(workspace):
    text = CHINESE.replace("每月三百", "<script>\u202e{{ 7*7 }}=1+1")
    (workspace / "goals.csv").write_text(text, encoding="utf-8")
    assert "<script>" in read_inputs(workspace).tables["goals"]["statement"].iloc[0]


@pytest.mark.parametrize("text", ["2026-06-13", "2026/6/13", "2026.6.13", "20260613", "2026年6月13日"])
def test_dates_as_people_write_them(text):
    assert parse_date(text) == "2026-06-13"


@pytest.mark.parametrize("text", ["2026-02-30", "13/06/2026", "2026-6", "today", "46000", "2026-06-13T08:00"])
def test_what_is_no_date(text):
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "fix"),
    [("1,234.5", "1234.5"), ("¥80", "80"), ("12%", "12"), ("\uff11\uff12", "12"), ("\u22125", "-5"), ("1 000", "1000")],
)
def test_a_number_in_other_clothes_is_told_how_to_be_written(text, fix):
    column = Column(name="value", kind=Kind.NUMBER)
    _, problems = convert(pd.Series([text], index=[2]), column, "m.csv")
    assert problems[0].text() == f"Column 'value', row 2: '{text}' is not a number; write {fix}."


@pytest.mark.parametrize("text", ["inf", "nan", "NaN", "1e999", "true", "--", "0x1A", "1_000"])
def test_what_is_no_number(text):
    typed, problems = convert(pd.Series([text], index=[2]), Column(name="value", kind=Kind.NUMBER), "m.csv")
    assert len(problems) == 1 and typed.isna().all()


def test_an_empty_number_is_missing_and_not_zero():
    typed, problems = convert(pd.Series(["", " ", "0"], index=[2, 3, 4]), Column(name="v", kind=Kind.NUMBER), "m.csv")
    assert (typed.isna().tolist(), problems) == ([True, True, False], [])


def test_more_than_five_wrong_values_are_summed_up():
    cells = pd.Series([f"x{n}" for n in range(9)], index=range(2, 11))
    _, problems = convert(cells, Column(name="v", kind=Kind.NUMBER), "m.csv")
    assert problems[-1].text() == (
        "Column 'v', rows 7, 8, 9 and 10: there are further values of this kind; mend them the same way."
    )


def test_a_file_named_in_sources_is_read_instead(workspace):
    (workspace / "export").mkdir()
    (workspace / "metrics.csv").rename(workspace / "export" / "m.csv")
    (workspace / "retro.toml").write_text('[sources]\nmetrics = "export/m.csv"\n', encoding="utf-8")
    assert read_inputs(workspace).sources["metrics"].file == "export/m.csv"


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", ""])
def test_a_source_stays_inside_the_workspace(tmp_path, path):
    (tmp_path / "retro.toml").write_text(f'[sources]\nmetrics = "{path}"\n', encoding="utf-8")
    _, problems = read_settings(tmp_path)
    assert [problem.code for problem in problems] == ["setting_sources"]


def test_a_source_that_is_not_there_is_named(workspace):
    (workspace / "retro.toml").write_text('[sources]\nmetrics = "gone.csv"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"gone\.csv: 1 problem\. The file cannot be read \(No such file"):
        read_inputs(workspace)


def test_without_settings_the_defaults_hold(workspace):
    settings, problems = read_settings(workspace)
    assert (settings.locale, settings.timezone, settings.baseline_months, problems) == (
        "zh-CN",
        "Asia/Shanghai",
        12,
        [],
    )


def test_broken_toml_names_the_line(tmp_path):
    (tmp_path / "retro.toml").write_text('team = "x"\nlocale = \n', encoding="utf-8")
    _, problems = read_settings(tmp_path)
    assert "line 2" in problems[0].text()


@pytest.mark.parametrize("label", ["2026-00", "2026-13", "2026-Q5", "26-10", "2026-10-01", "２０２６-10"])
def test_what_is_no_period(label):
    with pytest.raises(InputError, match="is no period; write 2026-10, 2026-Q3 or 2026"):
        Period.parse(label)


def test_a_year_has_its_days():
    year = Period.parse("2024")
    assert ((year.end - year.start).days + 1, len(year.months)) == (366, 12)


def test_init_writes_a_workspace_that_is_read_without_a_problem_but_for_its_emptiness(tmp_path, capsys):
    assert cli.main(["init", str(tmp_path / "ours")]) == 0
    with pytest.raises(InputError, match="No table has any rows"):
        read_inputs(tmp_path / "ours")
    assert read_settings(tmp_path / "ours")[1] == []


def test_init_writes_the_header_of_every_table(tmp_path, capsys):
    cli.main(["init", str(tmp_path)])
    for name, contract in CONTRACTS.items():
        header = (tmp_path / f"{name}.csv").read_text(encoding="utf-8").strip().split(",")
        assert header == [column.name for column in contract.columns if column.name != "ts_utc"]


def test_init_changes_nothing_where_something_is(tmp_path, capsys):
    (tmp_path / "goals.csv").write_text("mine", encoding="utf-8")
    assert cli.main(["init", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["goals.csv"]


def test_tab_completion_shows_what_can_be_asked(workspace):
    shown = dir(open_workspace(workspace))
    assert "goal_review" in shown and not any(name.startswith("_") for name in shown)


def test_tables_are_handed_out_as_copies(workspace):
    ops = open_workspace(workspace)
    goals = ops.tables["goals"]
    goals["target"] = 0.0
    assert ops.tables["goals"]["target"].tolist() == [300.0]


def test_empty_lines_above_and_empty_columns_beside_a_table_are_none_of_it(workspace):
    lines = CHINESE.splitlines()
    (workspace / "goals.csv").write_text("\n,,\n" + "\n".join(f"{line},," for line in lines) + "\n", encoding="utf-8")
    goals = read_inputs(workspace).tables["goals"]
    assert (goals["goal_id"].tolist(), list(goals.index)) == (["成交额"], [4])


@pytest.mark.parametrize("text", ["1.2万", "(1,234)", "12e", "3 apples"])
def test_a_number_nobody_can_guess_is_not_thrown_away(text):
    _, problems = convert(pd.Series([text], index=[2]), Column(name="v", kind=Kind.NUMBER), "m.csv")
    assert problems[0].text().endswith("is not a number; write it in plain digits, such as 12000.")


def test_a_misspelt_column_among_choices_is_told_its_right_name(workspace):
    text = (workspace / "metrics.csv").read_text(encoding="utf-8")
    (workspace / "metrics.csv").write_text(text.replace("kpi,value", "kpi,Value", 1), encoding="utf-8")
    with pytest.raises(InputError, match="Column 'value' is missing; there is 'Value', rename it"):
        read_inputs(workspace)


def test_problems_speak_the_language_asked_for(tmp_path):
    with pytest.raises(InputError, match="没有任何一张表有数据行"):
        open_workspace(tmp_path, lang="zh-CN")


def test_a_calendar_of_the_teams_own_replaces_the_built_in_one(workspace):
    days = "".join(f"2026-10-{day:02d},{'workday' if day <= 5 else 'holiday'}\n" for day in range(1, 32))
    (workspace / "cal.csv").write_text("date,day_type\n" + days, encoding="utf-8")
    (workspace / "retro.toml").write_text('[calendar]\nfile = "cal.csv"\n', encoding="utf-8")
    own = read_inputs(workspace).tables["calendar"]
    assert october(country="CN", own=own).days["day_type"].value_counts().to_dict() == {"holiday": 26, "workday": 5}


def test_a_calendar_with_another_word_is_refused(workspace):
    (workspace / "cal.csv").write_text("date,day_type\n2026-10-01,off\n", encoding="utf-8")
    (workspace / "retro.toml").write_text('[calendar]\nfile = "cal.csv"\n', encoding="utf-8")
    with pytest.raises(
        InputError, match=r"cal\.csv: 1 problem\. Column 'day_type', row 2: 'off' is not one of the words"
    ):
        read_inputs(workspace)


def october(year=2026, **calendar):
    return working_calendar(date(year, 10, 1), date(year, 10, 31), **calendar)


def test_a_year_the_built_in_calendar_does_not_reach_has_plain_weekdays_and_says_so():
    found = october(2035, country="CN")
    assert found.days["day_type"].value_counts().to_dict() == {"workday": 23, "weekend": 8}
    assert found.known_until == f"{max(chinese_calendar.holidays).year}-12-31"


def test_a_calendar_that_reaches_the_end_says_nothing():
    assert october(country="CN").known_until == ""


def test_days_the_teams_own_calendar_lacks_are_those_of_the_country():
    own = pd.DataFrame({"date": pd.to_datetime(["2026-10-09"]), "day_type": ["holiday"]})
    kinds = october(country="CN", own=own).days["day_type"]
    # 2026-10-01 to -07 are holidays, Saturday 2026-10-10 is worked (State Council notice for 2026)
    assert (kinds[0], kinds[8], kinds[9]) == ("holiday", "holiday", "makeup_workday")


def test_another_country_has_its_own_holidays_and_weekend():
    kinds = october(country="AE").days["day_type"]  # the Emirates rest on Saturday and Sunday since 2022
    assert kinds[:4].tolist() == ["workday", "workday", "weekend", "weekend"]
    assert working_calendar(date(2026, 12, 25), date(2026, 12, 25), country="DE").days["day_type"].tolist() == [
        "holiday"
    ]


def test_a_country_that_does_not_exist_is_refused(tmp_path):
    (tmp_path / "retro.toml").write_text('[calendar]\ncountry = "Mars"\n', encoding="utf-8")
    _, problems = read_settings(tmp_path)
    assert [problem.code for problem in problems] == ["setting_calendar"]


def settings_of(tmp_path, text):
    (tmp_path / "retro.toml").write_text(text, encoding="utf-8")
    settings, problems = read_settings(tmp_path)
    assert problems == []
    return settings


def test_a_rebase_needs_a_reason(tmp_path):
    (tmp_path / "retro.toml").write_text('[[rebase]]\nkpi = "gmv"\nmonth = "2026-03"\n', encoding="utf-8")
    _, problems = read_settings(tmp_path)
    assert problems[0].line("en") == (
        "retro.toml: [[rebase]] is '[{'kpi': 'gmv', 'month': '2026-03'}]'; "
        'write kpi = "gmv", month = "2026-03" and reason = "why the KPI works in a new way".'
    )


def test_rebases_are_read_with_their_reasons(tmp_path):
    settings = settings_of(tmp_path, '[[rebase]]\nkpi = "gmv"\nmonth = "2026-03"\nreason = "new shop"\n')
    assert settings.rebases == (Rebase(kpi="gmv", month="2026-03", reason="new shop"),)


def test_an_alert_rule_of_a_kpi_adds_to_the_common_one(tmp_path):
    settings = settings_of(tmp_path, '[alerts]\nsize = 0.02\n[alerts.gmv]\ncount = 1000\ndirection = "worse"\n')
    assert settings.alerts == {
        "": AlertRule(size=0.02),
        "gmv": AlertRule(size=0.02, count=1000, direction="worse"),
    }


@pytest.mark.parametrize("wrong", ["size = -1", 'direction = "up"', "sise = 1", "[alerts.gmv]\nsize = true"])
def test_an_alert_rule_that_makes_no_sense_is_refused(tmp_path, wrong):
    (tmp_path / "retro.toml").write_text(f"[alerts]\n{wrong}\n", encoding="utf-8")
    assert [problem.code for problem in read_settings(tmp_path)[1]] == ["setting_alerts"]


@pytest.mark.parametrize("wrong", ["baseline_months = 7", "incomplete_days = 8", "incomplete_days = 1.0", "months = 1"])
def test_a_threshold_out_of_bounds_is_refused(tmp_path, wrong):
    (tmp_path / "retro.toml").write_text(f"[thresholds]\n{wrong}\n", encoding="utf-8")
    assert [problem.code for problem in read_settings(tmp_path)[1]] == ["setting_thresholds"]
