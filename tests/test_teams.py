"""The month of many teams: what each publishes, what stops nobody, and the page over all of them."""

import io
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import SAMPLE, small_workspace

from opsretro.analysis.teams import TeamMonth, TeamsReview, team_numbers
from opsretro.errors import InputError
from opsretro.monthly.progress import Progress
from opsretro.monthly.team_job import summary
from opsretro.monthly.teams import find_teams, sharing_answers
from opsretro.monthly.teams_page import write_teams
from opsretro.report.teams_page import teams_html
from opsretro.words import LANGUAGES

OPSRETRO = Path(sys.executable).with_name("opsretro")
slow = pytest.mark.slow


def run(teams, out, *words, **how):
    command = [OPSRETRO, "run", "--month", "2026-10", "--teams", teams, "--out", out, "--lang", "en,zh-CN", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, **how)


def team(folder, name):
    folder.parent.mkdir(exist_ok=True, parents=True)
    workspace = small_workspace(folder)
    (workspace / "retro.toml").write_text(f'team = {{ zh-CN = "{name}组", en = "{name}" }}\n', encoding="utf-8")
    return workspace


def page_of(out, name="index.en.html"):
    return (out / "teams" / "2026-10" / name).read_text(encoding="utf-8")


def states(out):
    said = json.loads((out / "teams" / "2026-10" / "run.json").read_text(encoding="utf-8"))
    return {name: one["status"] for name, one in said["teams"].items()}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Six folders: two good teams, one of an odd name, one without settings, one broken, and two of one name."""
    folder = tmp_path_factory.mktemp("teams")
    for name in ("growth", "content", "用户 50%'组"):
        team(folder / "teams" / name, name)
    small_workspace(folder / "teams" / "bare")
    broken = team(folder / "teams" / "broken", "Broken")
    (broken / "metrics.csv").write_text("date,kpi,value\n2026-13-40,sales,1\n", encoding="utf-8")
    (folder / "teams" / "notes.txt").write_text("no team", encoding="utf-8")
    done = run(folder / "teams" / "*", folder / "out")
    return folder, done


@slow
def test_every_good_team_is_published_whatever_the_others_are(published):
    folder, done = published
    good = {"growth", "content", "用户 50%'组"}
    assert {name for name, state in states(folder / "out").items() if state == "published"} == good
    assert all((folder / "out" / name / "2026-10" / "run.json").exists() for name in good)
    assert done.returncode == 1


@slow
def test_each_team_that_is_not_published_is_told_in_one_line(published):
    lines = [line for line in published[1].stderr.splitlines() if "bare" in line or "broken" in line.lower()]
    assert sum("There is no retro.toml in it" in line for line in lines) == 1
    assert sum("'2026-13-40' is not a date" in line for line in lines) == 1
    assert "Traceback" not in published[1].stderr


@slow
def test_the_page_over_all_is_the_only_line_on_standard_output(published):
    folder, done = published
    assert done.stdout == f"{folder / 'out' / 'teams' / '2026-10' / 'index.html'}\n"


@slow
@pytest.mark.parametrize("name", ["index.html", "index.en.html"])
def test_every_link_of_the_page_over_all_leads_to_a_page(published, name):
    from urllib.parse import unquote

    folder = published[0] / "out" / "teams" / "2026-10"
    links = set(re.findall(r'href="([^"#]+)"', page_of(published[0] / "out", name)))
    assert len(links) == 4
    assert [link for link in links if not (folder / unquote(link)).is_file()] == []


@slow
def test_why_a_team_is_missing_is_said_in_the_language_of_the_page(published):
    out = published[0] / "out"
    assert "There is no retro.toml in it" in page_of(out)
    assert "里面没有 retro.toml" in page_of(out, "index.html")


@slow
def test_the_page_counts_what_the_teams_pages_say(published):
    out = published[0] / "out"
    goals = [json.loads((out / name / "2026-10" / "goals.json").read_text()) for name in ("growth", "content")]
    met = sum(goal["status"] == "met" for data in goals for goal in data["goals"])
    assert f"{met + met // 2} of 3 goals with a verdict were met" in page_of(out)


@slow
def test_a_second_run_computes_nothing_again(published):
    folder, _ = published
    before = {path: path.read_bytes() for path in (folder / "out").rglob("*.html")}
    run(folder / "teams" / "*", folder / "out")
    sections = json.loads((folder / "out" / "growth" / "2026-10" / "run.json").read_text())["sections"]
    assert {one["reused"] for one in sections.values() if one["status"] == "done"} == {True}
    assert {path: path.read_bytes() for path in before} == before


@slow
def test_a_json_log_names_the_team_of_every_event(published, tmp_path):
    done = run(published[0] / "teams" / "growth", tmp_path / "out", "--log-format", "json")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert {event["event"] for event in events} >= {
        "team_running",
        "checked",
        "running",
        "ran",
        "published",
        "team_ran",
    }
    assert {event["team"] for event in events if event["event"] != "teams_published"} == {"growth"}


@slow
def test_an_interrupt_ends_every_team_and_leaves_nothing_half_written(tmp_path):
    for name in "ab":
        shutil.copytree(SAMPLE, tmp_path / "teams" / name)
    command = [OPSRETRO, "run", "--month", "2026-10", "--teams", tmp_path / "teams" / "*", "--out", tmp_path / "out"]
    going = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    next(line for line in going.stderr if "开始" in line)
    time.sleep(4)
    family = psutil.Process(going.pid).children(recursive=True)
    going.send_signal(signal.SIGTERM)
    assert going.wait(30) == 143
    assert psutil.wait_procs(family, timeout=20)[1] == []
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file() and not path.name.endswith(".lock")] == []


@slow
def test_a_team_whose_process_is_killed_is_told_and_the_others_are_published(tmp_path):
    for name in "abc":
        team(tmp_path / "teams" / name, name)
    slow_notebook(tmp_path / "own", seconds=3)
    command = [OPSRETRO, "run", "--month", "2026-10", "--teams", tmp_path / "teams" / "*", "--out", tmp_path / "out"]
    words = [*command, "--lang", "en", "--jobs", "3", "--notebooks", tmp_path / "own"]
    going = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    heard = [line for _, line in zip(range(3), going.stderr, strict=False)]
    deadline = time.monotonic() + 60
    while not (victims := keepers_of(going.pid, tmp_path / "out" / "b")) and time.monotonic() < deadline:
        time.sleep(0.1)
    victims[0].kill()
    rest = going.stderr.read()
    assert (going.wait(), sorted(states(tmp_path / "out").values())) == (1, ["failed", "published", "published"])
    assert "the process of this team was ended before it was done" in "".join(heard) + rest


def keepers_of(pid, folder):
    """Processes of a run that have begun to work in a team's folder of reports."""
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        try:
            if any(Path(file.path).is_relative_to(folder) for file in process.open_files()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def slow_notebook(folder, seconds):
    import nbformat

    notebook = nbformat.v4.new_notebook()
    parameters = nbformat.v4.new_code_cell('month = ""', metadata={"tags": ["parameters"]})
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# Waits"),
        parameters,
        nbformat.v4.new_code_cell(f"import time\ntime.sleep({seconds})"),
    ]
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / "waits.ipynb")


# -- finding teams -----------------------------------------------------------------------------------------------------


def test_two_folders_of_one_name_are_both_refused(tmp_path):
    for place in ("east", "west"):
        team(tmp_path / place / "growth", place)
    team(tmp_path / "east" / "content", "content")
    found = find_teams([str(tmp_path / "*" / "*")])
    assert [one.name for one in found.ready] == ["content"]
    assert {problem.code for problems in found.refused.values() for problem in problems} == {"team_same_folder"}


def test_names_that_a_file_system_takes_for_one_are_one(tmp_path):
    for place, name in (("east", "Growth"), ("west", "growth")):
        team(tmp_path / place / name, place)
    assert len(find_teams([str(tmp_path / "*" / "*")]).refused) == 2


def test_two_teams_that_call_themselves_the_same_are_both_run_and_warned_of(tmp_path):
    for name in "ab":
        team(tmp_path / name, "Growth")
    found = find_teams([str(tmp_path / "*")])
    assert [one.name for one in found.ready] == ["a", "b"]
    assert [problem.text() for problem in found.warned] == [
        "The name 'Growth组' is that of a, b; give each a name of its own in its retro.toml."
    ]


def test_a_folder_called_teams_would_hide_the_page_over_all(tmp_path):
    team(tmp_path / "teams", "x")
    refused = find_teams([str(tmp_path / "*")]).refused
    assert [problem.code for problems in refused.values() for problem in problems] == ["team_name_taken"]


def test_settings_that_are_wrong_refuse_their_team_alone(tmp_path):
    team(tmp_path / "good", "Good")
    (team(tmp_path / "bad", "Bad") / "retro.toml").write_text("team = [", encoding="utf-8")
    found = find_teams([str(tmp_path / "*")])
    assert ([one.name for one in found.ready], [path.name for path in found.refused]) == (["good"], ["bad"])


def test_a_folder_that_is_named_and_is_not_there_is_told(tmp_path):
    team(tmp_path / "a", "a")
    found = find_teams([str(tmp_path / "a"), str(tmp_path / "gone")])
    assert [problem.text() for problem in found.refused[tmp_path / "gone"]] == [
        f"No folder matches '{tmp_path / 'gone'}'; name folders of workspaces, such as 'teams/*'."
    ]


def test_a_folder_whose_name_looks_like_a_pattern_is_that_folder(tmp_path):
    team(tmp_path / "x[1]", "x")
    assert [one.name for one in find_teams([str(tmp_path / "x[1]")]).ready] == ["x[1]"]


def test_a_link_to_a_workspace_goes_by_its_own_name(tmp_path):
    for place in ("east", "west"):
        team(tmp_path / "releases" / place / "current", place)
        (tmp_path / "teams").mkdir(exist_ok=True)
        (tmp_path / "teams" / place).symlink_to(tmp_path / "releases" / place / "current")
    (tmp_path / "teams" / "loop").symlink_to(tmp_path / "teams" / "loop")
    assert [one.name for one in find_teams([str(tmp_path / "teams" / "*")]).ready] == ["east", "west"]


def test_a_pattern_that_matches_no_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"--teams: 1 problem. No folder matches '.*/none/\*'"):
        find_teams([str(tmp_path / "none" / "*")])


def test_a_shell_that_expands_the_pattern_gives_the_same_teams(tmp_path):
    for name in "ab":
        team(tmp_path / name, name)
    by_shell = find_teams([str(tmp_path / "a"), str(tmp_path / "b")])
    assert [one.name for one in by_shell.ready] == [one.name for one in find_teams([str(tmp_path / "*")]).ready]


def test_teams_that_share_a_survey_file_are_known(tmp_path):
    for name in "abc":
        (team(tmp_path / name, name) / "survey").mkdir()
        (tmp_path / name / "survey" / "2026-10.csv").write_text("question\n" + ("4" if name == "c" else "5"))
        (tmp_path / name / "survey" / "items.csv").write_text("the same everywhere")
    assert sharing_answers(find_teams([str(tmp_path / "*")]).ready) == {"a", "b"}


# -- what the page says ------------------------------------------------------------------------------------------------


@slow
def test_of_a_teams_health_only_the_verdicts_for_everybody_are_told(sample_month):
    health = json.loads((sample_month / "health.json").read_text(encoding="utf-8"))
    everybody = [row["verdict"] for row in health["changes"] if row["group"] == "all"]
    numbers = team_numbers({"health": health})["health"]
    assert numbers == {name: everybody.count(name) for name in ("up", "down", "steady", "cannot_tell")}


@slow
@pytest.mark.parametrize("state", ["withheld", "running", "no_answers"])
def test_a_survey_that_its_own_page_does_not_show_is_not_told_of(sample_month, state):
    health = json.loads((sample_month / "health.json").read_text(encoding="utf-8"))
    assert team_numbers({"health": {**health, "state": state}}) == {}


@slow
def test_a_profit_that_was_bought_ahead_is_judged_as_its_own_page_does(sample_month):
    roi = json.loads((sample_month / "roi.json").read_text(encoding="utf-8"))
    row = next(row for row in roi["activities"] if row["activity_id"] == "recall_coupon")
    assert (row["verdict"], row["verdict_after"]) == ("profit", "unclear")
    row["warnings"] = ["pull_forward"]
    numbers = team_numbers({"roi": roi})["roi"]
    assert [numbers[name] for name in ("profit", "loss", "unclear")] == [0, 1, 2]
    told = next(one for one in numbers["activities"] if one["profit"] == row["profit_after"])
    assert (told["verdict"], told["roi_lower"]) == ("unclear", row["roi_after_lower"])


@slow
def test_an_activity_that_still_runs_has_no_verdict(sample_month):
    roi = json.loads((sample_month / "roi.json").read_text(encoding="utf-8"))
    roi["activities"][0]["running"] = True
    numbers = team_numbers({"roi": roi})["roi"]
    assert [numbers[name] for name in ("profit", "loss", "unclear", "running")] == [0, 1, 1, 1]


@slow
def test_an_action_that_was_dropped_is_not_counted_as_untold(sample_month):
    actions = json.loads((sample_month / "followup.json").read_text(encoding="utf-8"))
    actions["actions"][0]["reason"] = "dropped"
    assert team_numbers({"followup": actions})["followup"]["cannot_tell"] == 4


def test_a_signal_of_a_range_is_counted_though_neither_side_is_better():
    goals = [{"status": "met", "variation": "signal", "better": ""}]
    assert team_numbers({"goals": {"goals": goals}})["goals"]["sideless"] == 1


@slow
def test_readers_outside_get_nothing_of_what_was_published_inside(sample_month):
    assert summary(sample_month, audience="all", health=True)["numbers"]["health"]["down"] == 1
    assert summary(sample_month, audience="outside", health=True) == {}


@slow
def test_a_refused_team_shows_no_figures_of_an_earlier_month(published, tmp_path):
    folder = tmp_path / "all"
    shutil.copytree(published[0] / "teams" / "growth", folder / "teams" / "growth")
    run(folder / "teams" / "*", folder / "out")
    (folder / "teams" / "growth" / "metrics.csv").write_text("date,kpi,value\nx,sales,1\n", encoding="utf-8")
    run(folder / "teams" / "*", folder / "out")
    assert "0 of 1 teams have published their month." in page_of(folder / "out")
    assert "not published now; the page is that of" in page_of(folder / "out")
    assert "goals with a verdict" not in page_of(folder / "out")


@slow
def test_readers_outside_are_not_told_what_is_wrong_with_a_table_about_people(tmp_path):
    workspace = team(tmp_path / "teams" / "a", "a")
    header = "month,group,headcount,contracted_hours,worked_hours\n"
    (workspace / "workload.csv").write_text(f"{header}2026-10,all,seven,1,1\n", encoding="utf-8")
    told = run(tmp_path / "teams" / "*", tmp_path / "out", "--audience", "outside").stderr
    assert "'seven' is not a number" in told
    texts = [path.read_text("utf-8") for path in (tmp_path / "out" / "teams" / "2026-10").iterdir()]
    assert [text for text in texts if "seven" in text or "workload" in text] == []
    refused = run(tmp_path / "teams" / "*", tmp_path / "out")
    assert (refused.returncode, "published for --audience outside" in refused.stderr) == (2, True)


def test_a_range_of_months_is_for_one_team(tmp_path):
    team(tmp_path / "teams" / "a", "a")
    command = [OPSRETRO, "run", "--month", "2026-01..2026-03", "--teams", tmp_path / "teams" / "a", "--lang", "en"]
    done = subprocess.run([*command, "--out", tmp_path / "out"], capture_output=True, text=True, check=False)
    assert "'2026-01..2026-03' is looked back on for one team at a time" in done.stderr


@slow
def test_teams_that_share_answers_get_no_word_about_their_health(sample_month):
    health = json.loads((sample_month / "health.json").read_text(encoding="utf-8"))
    assert team_numbers({"health": health}, health=False) == {"health": {}}


@slow
def test_the_numbers_of_the_sample_are_those_of_its_own_page(sample_month):
    names = ("goals", "roi", "followup")
    sections = {name: json.loads((sample_month / f"{name}.json").read_text(encoding="utf-8")) for name in names}
    numbers = team_numbers(sections)
    tile = [json.loads((sample_month / "run.json").read_text())["says"]["en"]["sections"][name] for name in names]
    assert numbers["goals"] | {"met": 5, "missed": 4, "worse": 1, "better": 1} == numbers["goals"], tile
    assert [numbers["roi"][name] for name in ("profit", "loss", "unclear")] == [1, 1, 1]
    assert [numbers["followup"][name] for name in ("moved", "not_moved", "cannot_tell")] == [1, 1, 5]


def review_of(*teams):
    return TeamsReview(period="2026-10", teams=teams)


def month_of(name, **numbers):
    return TeamMonth(name=name, title={"zh-CN": name, "en": name}, state="published", numbers=numbers)


def activity(profit, currency="CNY"):
    ends = {"profit": profit, "profit_lower": profit - 50.0, "profit_upper": profit + 50.0}
    ends |= {name.replace("profit", "roi"): value / 1000 for name, value in ends.items()}
    return {**ends, "verdict": "profit" if profit > 0 else "loss", "name": f"A {profit:g}", "currency": currency}


def test_activities_are_told_the_largest_first_within_a_currency():
    rows = [activity(100.0), activity(-900.0), activity(300.0, "USD")]
    money = {"profit": 2, "loss": 1, "unclear": 0, "activities": rows}
    told = [row["profit"] for _, row in review_of(month_of("a", roi=money)).told_activities()]
    assert told == [-900.0, 100.0, 300.0]


def test_an_activity_of_another_currency_has_a_scale_of_its_own():
    rows = [activity(1_000_000.0, "JPY"), activity(100.0, "USD")]
    money = {"profit": 2, "loss": 0, "unclear": 0, "activities": rows}
    page = teams_html(review_of(month_of("a", roi=money)), "en", pages={})
    assert page.count('H196.0"') == 2


def test_what_no_team_has_data_of_is_said_so_and_not_counted():
    page = teams_html(review_of(month_of("a"), month_of("b")), "en", pages={})
    tiles = re.findall(r"</svg>\s*<span>(.*?)</span>", page)
    assert tiles == ["2 of 2 published", *["no data"] * 4]
    assert "earned or lost" not in page.partition('id="activities"')[2].partition("</section>")[0].partition("</h2>")[2]


def test_actions_that_nobody_could_follow_yet_are_none():
    followed = dict.fromkeys(("open", "overdue", "moved", "not_moved", "cannot_tell"), 0) | {"open": 2}
    page = teams_html(review_of(month_of("a", followup=followed)), "en", pages={})
    assert re.findall(r"</svg>\s*<span>(.*?)</span>", page)[3:] == ["2 open · 0 overdue", "none"]


def test_pages_over_all_teams_link_to_the_months_beside_them(tmp_path):
    months = ("2026-09", "2026-10", "2026-11")
    for month in months:
        review = TeamsReview(period=month, teams=(month_of("a"),))
        write_teams(review, tmp_path, langs=LANGUAGES, progress=Progress("en", stream=io.StringIO()))
    pages = [(tmp_path / "teams" / month / "index.en.html").read_text(encoding="utf-8") for month in months]
    linked = [re.findall(r'href="\.\./(20\d\d-\d\d)/index\.en\.html"', page) for page in pages]
    assert linked == [["2026-10"], ["2026-09", "2026-11"], ["2026-10"]]


def test_names_of_teams_are_text_and_never_markup():
    page = teams_html(review_of(month_of("<script>alert(1)</script>")), "en", pages={})
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_page_without_any_published_team_says_so(lang):
    refused = TeamMonth(name="a", title={}, state="refused", numbers={}, why={"en": ["x"], "zh-CN": ["x"]})
    said = {"en": "Nothing is published yet; below is why.", "zh-CN": "还没有任何发布，原因见下。"}
    assert said[lang] in teams_html(review_of(refused), lang, pages={})


@pytest.mark.parametrize(("lang", "word"), [("zh-CN", "健康"), ("en", "health")])
def test_readers_outside_find_no_word_of_team_health_on_the_page_over_all(lang, word):
    months = [month_of("a", goals={"met": 1, "missed": 0, "no_data": 0, "worse": 0, "better": 0, "sideless": 0})]
    outside = TeamsReview(period="2026-10", teams=months, audience="outside")
    assert word not in teams_html(outside, lang, pages={}).lower()
    assert word in teams_html(review_of(*months), lang, pages={}).lower()


def test_counts_are_added_up_and_amounts_are_not():
    money = {"profit": 1, "loss": 0, "unclear": 0, "activities": [activity(100.0)]}
    page = teams_html(review_of(month_of("a", roi=money), month_of("b", roi=money)), "en", pages={})
    assert "Of 2 activities 2 earned money" in page
    assert "200" not in re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
