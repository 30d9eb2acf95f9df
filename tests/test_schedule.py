"""What `opsretro schedule` prints is what cron and systemd take, and what they run is the month."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import small_workspace
from notify_servers import OPSRETRO, command, taker

ROOT = Path(__file__).parents[1]
ODD = "a b%c 'q' \"d\" $HOME `x` 运营 {y};#&"
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
GUIDES = ["docs/scheduling.md", "docs/scheduling.zh-CN.md"]
systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder whose name is hard on careless code, with a small workspace in it."""
    folder = tmp_path_factory.mktemp("odd") / ODD
    folder.mkdir()
    small_workspace(folder / "ws")
    return folder


def printed(place, scheduler, *words):
    done = command("schedule", scheduler, "--workspace", place / "ws", "--out", place / "out", "--lang", "en", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(place, *words):
    done = command("schedule", "cron", "--workspace", place / "ws", "--out", place / "out", *words, LANG="C")
    return done.returncode, done.stderr


def by_cron(line):
    """What cron hands to the shell: a bare per cent sign ends the command, one after a backslash is a sign."""
    minute, hour, day, _, _, text = line.split(" ", 5)
    return (minute, hour, day), re.split(r"(?<!\\)%", text)[0].replace(r"\%", "%")


def setting(unit, name):
    return [line.partition("=")[2] for line in unit.splitlines() if line.startswith(f"{name}=")]


# -- cron --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_line_for_cron_runs_the_month_whatever_its_paths_are_called(place):
    line = printed(place, "cron", "--month", "2026-10").splitlines()[-1]
    when, text = by_cron(line)
    with taker() as (address, got):
        (place / "opsretro.env").write_text(f"OPSRETRO_NOTIFY_URLS='{address}'\n", "utf-8")
        env = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
        done = subprocess.run(["/bin/sh", "-c", text], env=env, cwd="/", capture_output=True, text=True, check=False)
    assert (when, done.returncode, done.stdout + done.stderr) == (("30", "7", "2"), 0, "")
    assert (place / "out" / "2026-10" / "index.html").exists()
    assert '"event": "published"' in (place / "opsretro.log").read_text("utf-8")
    assert got[0]["title"] == "ws · Retro of Oct 2026: published"


def test_everything_but_the_last_line_is_a_comment(place):
    *comments, _ = printed(place, "cron").splitlines()
    assert all(line.startswith("# ") for line in comments)


def test_the_line_reviews_the_month_before_and_names_this_environment(place):
    _, text = by_cron(printed(place, "cron").splitlines()[-1])
    assert f"{OPSRETRO} run --month last --workspace " in text


def test_day_and_time_are_where_cron_wants_them(place):
    when, _ = by_cron(printed(place, "cron", "--at", "15 18:05").splitlines()[-1])
    assert when == ("5", "18", "15")


def test_the_line_holds_no_secret_only_the_file_that_does(place):
    done = command("schedule", "cron", "--workspace", place / "ws", urls=["slack://T0KEN4567/a/b"])
    assert "T0KEN4567" not in done.stdout
    assert "install -m 600 /dev/null" in done.stdout


# -- systemd -----------------------------------------------------------------------------------------------------------


@systemd
def test_systemd_finds_nothing_wrong_with_service_and_timer(place, tmp_path):
    names = [tmp_path / "opsretro.service", tmp_path / "opsretro.timer"]
    for name in names:
        name.write_text(printed(place, "systemd", "--part", name.suffix[1:]), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", *names], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "opsretro" in line]) == (0, [])


@systemd
def test_systemd_reads_the_time_as_it_is_meant(place):
    [when] = setting(printed(place, "systemd", "--at", "9 6:05"), "OnCalendar")
    done = subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, text=True, check=True)
    assert "Normalized form: *-*-09 06:05:00" in done.stdout


def test_the_service_takes_paths_as_they_are(place):
    unit = printed(place, "systemd", "--part", "service")
    path = str(place).replace("%", "%%").replace('"', r"\"")
    [start], [writable] = setting(unit, "ExecStart"), setting(unit, "ReadWritePaths")
    assert start.startswith(f':{OPSRETRO} run --month last --workspace "{path}/ws" --out "{path}/out"')
    assert writable == f'"{path}/ws" "{path}/out"'


def test_the_service_reads_its_secrets_from_a_file_and_may_write_nowhere_else(place):
    unit = printed(place, "systemd", "--part", "service", "--secrets", "/etc/opsretro/100%.env")
    assert setting(unit, "EnvironmentFile") == ["-/etc/opsretro/100%%.env"]
    assert (setting(unit, "ProtectSystem"), setting(unit, "NoNewPrivileges")) == (["strict"], ["yes"])


def test_both_files_are_printed_unless_one_is_asked_for(place):
    whole, parts = (
        printed(place, "systemd"),
        [printed(place, "systemd", "--part", part) for part in ("service", "timer")],
    )
    assert whole == "\n".join(parts)
    assert setting(parts[1], "Persistent") == ["true"]


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_every_problem_is_said_at_once(place):
    words = ["--month", "2026-13", "--at", "31 25:00", "--lang", "fr", "--timeout", "0", "--workspace", "/nowhere"]
    code, told = refused(place, *words)
    assert (code, told.splitlines()[-1]) == (2, "5 problems; nothing was written")
    assert "--at: '31 25:00' is no day of every month and time; write the day from 1 to 28" in told


@pytest.mark.parametrize("at", ["", "2", "07:30", "0 07:30", "29 07:30", "2 24:00", "2 7:3", "2 07:30 x", "２ 07:30"])
def test_a_time_that_is_not_in_every_month_is_refused(place, at):
    code, told = refused(place, "--at", at)
    assert (code, "is no day of every month and time" in told) == (2, True)


@pytest.mark.parametrize("name", ["a\nb", "a\\b"])
def test_a_path_no_schedule_can_hold_is_refused(tmp_path, name):
    (tmp_path / name / "ws").mkdir(parents=True)
    code, told = refused(tmp_path / name)
    assert (code, "holds a line break or a backslash" in told) == (2, True)


def test_a_line_longer_than_cron_takes_is_refused(tmp_path):
    folder = tmp_path.joinpath(*["x" * 120] * 3)
    (folder / "ws").mkdir(parents=True)
    code, told = refused(folder)
    assert (code, "and cron takes 998" in told) == (2, True)


# -- the guide ---------------------------------------------------------------------------------------------------------


def blocks(name, kind):
    return [block for language, block in FENCE.findall((ROOT / name).read_text("utf-8")) if language == kind]


@pytest.mark.parametrize("name", GUIDES)
@pytest.mark.parametrize("kind", ["cron", "systemd"])
def test_the_guide_shows_what_the_command_prints(name, kind, tmp_path):
    (tmp_path / "data").mkdir()
    lang = "zh-CN" if "zh-CN" in name else "en"
    (tmp_path / "data" / "retro.toml").write_text(f'locale = "{lang}"\n', "utf-8")
    words = ["schedule", kind, "--workspace", tmp_path / "data", "--out", tmp_path / "reports"]
    told = command(*words).stdout.replace(str(OPSRETRO), "/srv/retro/.venv/bin/opsretro")
    told = re.sub(r"(?m)^User=.*$", "User=retro", told.replace(str(tmp_path), "/srv/retro"))
    shown = blocks(name, {"cron": "crontab", "systemd": "ini"}[kind])
    private = "PrivateTmp=yes\n"  # not printed for paths below /tmp, where these are
    assert [block.replace(private, "") for block in shown] == [told.replace(private, "")]


@pytest.mark.parametrize("name", GUIDES)
def test_the_workflow_of_the_guide_runs_every_month_and_keeps_secrets_out(name):
    [text] = blocks(name, "yaml")
    flow = yaml.safe_load(text)
    steps = flow["jobs"]["retro"]["steps"]
    assert flow[True] == {"schedule": [{"cron": "30 7 2 * *"}], "workflow_dispatch": None}
    [run] = [step for step in steps if "opsretro run" in step.get("run", "")]
    assert run["env"]["OPSRETRO_NOTIFY_URLS"] == "${{ secrets.OPSRETRO_NOTIFY_URLS }}"
    assert [step["uses"].split("/")[1].split("@")[0] for step in steps if "uses" in step][-1] == "upload-artifact"


@pytest.mark.parametrize("name", GUIDES)
def test_the_dag_of_the_guide_compiles_and_reviews_the_month_of_its_interval(name):
    [text] = blocks(name, "python")
    compile(text, name, "exec")
    assert "data_interval_start.in_timezone(ZONE).format(" in text
    assert re.search(r"code == 2:\n\s+raise AirflowFailException", text)


@pytest.mark.parametrize("name", GUIDES)
def test_the_guide_says_what_to_do_about_each_exit_code(name):
    rows = re.findall(r"^\| (\d[\d, ]*) \|", (ROOT / name).read_text("utf-8").replace("、", ", "), re.MULTILINE)
    assert rows == ["0", "1", "2", "3", "4", "130, 143"]


def test_both_languages_of_the_guide_show_the_same_workflow_and_dag():
    for kind in ("yaml", "python"):
        ours, theirs = (re.sub(r"#[^\n]*", "", blocks(name, kind)[0]) for name in GUIDES)
        assert ours == theirs
