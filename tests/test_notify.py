"""Messages after a run: who gets which words, and that nothing they do or fail to do touches the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import apprise
import pytest
from conftest import small_workspace
from notify_servers import OPSRETRO, are_gone, closed_port, command, holder, killed, mail_sink, senders, taker

from opsretro.monthly.hiding import hide
from opsretro.monthly.notify import LIMIT, addresses, limit
from opsretro.monthly.notify_text import of_month, where
from opsretro.monthly.run import Published

pytestmark = pytest.mark.slow
FORMS = {
    "dingtalk": "dingtalk://SEC0placeholder0secret0@0placeholder0token0",
    "wecombot": "wecombot://00000000-0000-0000-0000-000000000000",
    "feishu": "feishu://00000000-0000-0000-0000-000000000000",
    "slack": "slack://T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX/#retro",
    "mailtos": "mailtos://ops:app-password@example.com?smtp=smtp.example.com&from=ops@example.com&to=team@example.com",
}
SECRET = "hook-a1B2c3D4e5"


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """A small workspace whose month is published, so that every other run of it takes over what is there."""
    folder = tmp_path_factory.mktemp("month")
    small_workspace(folder / "ws")
    assert run(folder).returncode == 0
    return folder


def run(folder, *words, workspace="ws", **more):
    where_to = ["--workspace", folder / workspace, "--out", folder / "out"]
    return command("run", "--month", "2026-10", *where_to, "--lang", "en", *words, **more)


def refused_run(folder, **more):
    """A run that is over at once: the month is none."""
    where_to = ["--workspace", folder / "ws", "--out", folder / "out"]
    return command("run", "--month", "2026-13", *where_to, "--lang", "en", **more)


# -- what is said ------------------------------------------------------------------------------------------------------


def test_a_published_month_is_told_with_its_findings_and_its_page(month):
    with taker() as (address, got):
        done = run(month, urls=[address])
    assert (done.returncode, done.stderr.splitlines()[-1].endswith("message sent to 1 address")) == (0, True)
    assert (got[0]["title"], got[0]["type"]) == ("ws · Retro of Oct 2026: published", "success")
    assert got[0]["message"].startswith("Findings\n1. 1 of 1 goal")
    assert got[0]["message"].endswith(f"Page: {month}/out/2026-10/index.html")


def test_the_message_is_in_the_language_of_the_run(month):
    with taker() as (address, got):
        run(month, "--lang", "zh-CN", urls=[address])
    assert got[0]["title"] == "ws · 2026年10月复盘：已发布"
    assert got[0]["message"].startswith("结论\n1. ")


def test_the_page_is_where_people_read_it_when_the_environment_says_so(month):
    with taker() as (address, got):
        run(month, urls=[address], OPSRETRO_REPORT_URL="https://u:pw@intranet.example/retro/")
    assert got[0]["message"].endswith("Page: https://intranet.example/retro/2026-10/index.html")


def test_a_refused_month_is_told_with_the_number_of_its_problems_and_the_first(month):
    with taker() as (address, got):
        done = refused_run(month, urls=[address])
    assert (done.returncode, got[0]["type"]) == (2, "failure")
    assert got[0]["title"] == "ws · Retro of 2026-13: input refused, nothing published"
    assert got[0]["message"].startswith("1 problem\n• --month: '2026-13' is no period; ")


def test_a_month_that_cannot_be_written_is_told(month):
    (month / "file").write_text("")
    with taker() as (address, got):
        words = ["--month", "2026-10", "--workspace", month / "ws", "--out", month / "file" / "out", "--lang", "en"]
        done = command("run", *words, urls=[address])
    assert (done.returncode, got[0]["title"]) == (3, "ws · Retro of Oct 2026: not written")
    assert "could not write" in got[0]["message"]


def test_a_section_that_failed_is_told_with_its_reason(month):
    (month / "team").mkdir()
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [cell | {"source": "a = 1", "metadata": {"tags": ["parameters"]}}, cell | {"source": "1 / 0"}]
    (month / "team" / "sums.ipynb").write_text(
        json.dumps(
            {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 4}
        )
    )
    with taker() as (address, got):
        done = run(month, "--notebooks", month / "team", urls=[address])
    assert (done.returncode, got[0]["title"]) == (1, "ws · Retro of Oct 2026: published, 1 section failed")
    assert got[0]["message"].startswith("Failed\n• sums: cell 2: ZeroDivisionError: division by zero")


def test_a_month_in_which_nothing_worked_names_the_report_that_stays(tmp_path):
    why = {"goals": {"en": "cell 3: boom", "zh-CN": "cell 3: boom"}}
    said = of_month(Published(page=None, failed=("goals",), why=why), "2026-10", tmp_path, tmp_path / "out", "en")
    assert said.title.endswith("Retro of Oct 2026: nothing new published, 1 section failed")
    assert said.body.startswith("Failed\n• Goals: cell 3: boom\n\nThe earlier report stays: ")


def test_many_teams_are_one_message(month, tmp_path):
    (tmp_path / "teams").mkdir()
    for team in ("alpha", "beta"):
        (small_workspace(tmp_path / "teams" / team) / "retro.toml").write_text(f'team = "{team}"\n')
    (tmp_path / "teams" / "beta" / "goals.csv").write_text("goal_id\n1\n")
    words = ["--teams", tmp_path / "teams" / "*", "--out", tmp_path / "out", "--lang", "en"]
    with taker() as (address, got):
        done = command("run", "--month", "2026-10", *words, urls=[address], OPSRETRO_REPORT_URL="https://a.example")
    assert (done.returncode, len(got)) == (1, 1)
    assert got[0]["title"] == "2 teams · Retro of Oct 2026: 1 team has not published all of it"
    assert got[0]["message"].startswith("Failed\n• beta: goals․csv: ")
    assert got[0]["message"].endswith("Page: https://a.example/teams/2026-10/index.html")


def test_the_month_before_is_told_by_that_name_when_it_is_refused(month):
    with taker() as (address, got):
        command("run", "--month", "last", "--workspace", month / "none", "--lang", "en", urls=[address])
    assert got[0]["title"] == "none · Retro of last month: input refused, nothing published"


def test_news_of_the_day_is_told_and_a_day_without_news_is_not(tmp_path):
    folder = small_workspace(tmp_path / "ws")
    rows = (folder / "metrics.csv").read_text("utf-8").replace("2026-10-28,sales,10", "2026-10-28,sales,900")
    (folder / "metrics.csv").write_text(rows.replace("2026-10-28,sales,11", "2026-10-28,sales,900"), "utf-8")
    with taker() as (address, got):
        quiet = command("alerts", "--workspace", folder, "--as-of", "2026-10-20", urls=[address])
        news = command("alerts", "--workspace", folder, "--as-of", "2026-10-28", "--lang", "en", urls=[address])
    assert (quiet.returncode, news.returncode) == (0, 4)
    assert [message["title"] for message in got] == ["ws · Daily signals of 28 Oct 2026: 1 new signal"]
    assert "message sent" in news.stderr


def test_nothing_is_said_where_nobody_is_to_be_told(month):
    done = run(month)
    assert "message" not in done.stderr


def test_nobody_is_told_of_a_run_that_was_interrupted(month):
    with taker() as (address, got):
        env = os.environ | {"OPSRETRO_NOTIFY_URLS": address}
        words = ["run", "--month", "2026-09", "--workspace", month / "ws", "--out", month / "out"]
        process = subprocess.Popen([OPSRETRO, *words], env=env, stderr=subprocess.PIPE)
        process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert (process.returncode, got) == (143, [])


# -- values are text ---------------------------------------------------------------------------------------------------


def test_what_people_wrote_reaches_a_chat_as_plain_text(month, tmp_path):
    folder = small_workspace(tmp_path / "ws")
    hard = "@all <at id=all></at> [x](http://evil.example) **b** `c` <!channel> <script>"
    (folder / "retro.toml").write_text(f'team = "{hard}"\nlocale = "en"\n', "utf-8")
    with taker() as (address, got):
        refused_run(tmp_path, urls=[address])
    assert got[0]["title"].startswith(
        "＠all ＜at id=all＞＜/at＞ ［x］(http：//evil․example) ＊＊b＊＊ ｀c｀ ＜!channel＞"
    )


def test_the_path_of_a_page_mentions_nobody():
    assert where(Path("/srv/@all/<at>/2026-10/index.html"), Path("/srv"), {}).startswith("/srv/＠all/＜at＞/")
    base = {"OPSRETRO_REPORT_URL": "https://a.example/@all [x]"}
    place = where(Path("/srv/<at>/index.html"), Path("/srv"), base)
    assert place == "https://a.example/%40all%20%5Bx%5D/%3Cat%3E/index.html"


def test_a_message_is_short_enough_for_every_service(month):
    folder = month / "out" / "2026-10"
    long = {"en": "a" * 3000, "zh-CN": "长" * 3000}
    why = dict.fromkeys(("goals", "roi", "health"), long)
    said = of_month(Published(page=folder / "index.html", failed=(*why,), why=why), "2026-10", month, month, "zh-CN")
    assert len(f"{said.title}\n{said.body}".encode()) < 2_048


# -- mail and other services -------------------------------------------------------------------------------------------


def test_a_mail_arrives_with_subject_and_text(month):
    with mail_sink() as (port, got):
        address = (
            f"mailto://127.0.0.1:{port}?smtp=127.0.0.1&user=ops&pass=s3cret-Pass9&from=a@example.com&to=b@example.com"
        )
        done = run(month, urls=[address])
    [mail] = got["mails"]
    assert (mail["Subject"], mail["To"]) == ("ws · Retro of Oct 2026: published", "b@example.com")
    assert mail.get_content_type() == "text/plain"
    assert "Page: " in mail.get_content()
    assert any(line.startswith("AUTH") for line in got["said"])
    assert "s3cret-Pass9" not in done.stdout + done.stderr


@pytest.mark.parametrize("kind", FORMS)
def test_the_addresses_of_the_guide_are_known_to_apprise(kind):
    service = apprise.Apprise.instantiate(FORMS[kind])
    assert kind in (service.protocol, service.secure_protocol, *(service.secure_protocol or ()))


@pytest.mark.parametrize("name", ["docs/scheduling.md", "docs/scheduling.zh-CN.md"])
def test_the_guide_shows_these_addresses(name):
    text = (Path(__file__).parents[1] / name).read_text("utf-8")
    assert [address for address in FORMS.values() if address not in text] == []


# -- servers that fail -------------------------------------------------------------------------------------------------


def test_good_addresses_get_the_message_though_nineteen_others_hang(month):
    with holder() as place, taker() as (address, got):
        done = run(month, urls=[*(f"json://{place}/{n}" for n in range(19)), address], seconds=8)
    assert (done.returncode, len(got), done.seconds < 45) == (0, 1, True)
    assert done.stderr.count("json (address") == 19


def test_a_server_that_drips_holds_nobody(month):
    with holder(b"H") as place:
        done = refused_run(month, urls=[f"json://{place}/hook"], seconds=5)
    assert (done.returncode, done.seconds < 45) == (2, True)
    assert "json (address 1 of 1) gave no answer within 5 seconds" in done.stderr


def test_a_mail_server_that_drips_holds_nobody(month):
    with holder(b"2") as place:
        host, port = place.split(":")
        address = f"mailto://{host}:{port}?smtp={host}&user=ops&pass=s3cret-Pass9&from=a@example.com&to=b@example.com"
        done = refused_run(month, urls=[address], seconds=5)
    assert (done.returncode, done.seconds < 45, "s3cret" in done.stderr) == (2, True, False)


def test_a_proxy_that_never_answers_holds_nobody(month):
    with holder() as place, taker() as (address, got):
        proxy = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"), f"http://{place}")
        done = refused_run(month, urls=[address], seconds=7, **proxy)
    assert (done.returncode, got, done.seconds < 45) == (2, [], True)


@pytest.mark.parametrize("kind", ["error", "refused"])
def test_a_server_that_will_not_have_it_is_one_line(month, kind):
    with taker(status=500) as (address, _):
        done = refused_run(month, urls=[address if kind == "error" else f"json://{closed_port()}/{SECRET}"])
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "no message: json (address 1 of 1) did not take the message"


def test_an_address_nobody_knows_is_named_by_its_place(month):
    with taker() as (address, got):
        done = run(month, urls=[address, f"nothing://{SECRET}", f"{SECRET}-alone"])
    assert (len(got), SECRET in done.stderr) == (1, False)
    assert "address 2 of 3 is none that apprise knows" in done.stderr
    assert "address 3 of 3 is none that apprise knows" in done.stderr


def test_without_apprise_one_line_says_how_to_get_it(month, tmp_path):
    (tmp_path / "apprise.py").write_text("raise ImportError('not here')")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = refused_run(month, urls=["json://127.0.0.1:1/"], PYTHONPATH=path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "no message: apprise is not installed; this brings it: pip install 'opsretro[notify]'"
    )


def test_a_file_beside_the_tables_is_never_run_instead_of_apprise(month, tmp_path):
    (tmp_path / "apprise.py").write_text("raise ImportError('not here')")
    env = os.environ | {"OPSRETRO_NOTIFY_URLS": "nothing://x", "LANG": "C"}
    words = ["run", "--month", "none", "--workspace", tmp_path, "--lang", "en"]
    done = subprocess.run([OPSRETRO, *words], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert "none that apprise knows" in done.stderr


def test_messages_in_json_are_events_of_the_log(month):
    with taker() as (address, _):
        done = run(month, "--log-format", "json", urls=[address, "nothing://x"])
    events = [json.loads(line) for line in done.stderr.splitlines()[-2:]]
    assert [event["event"] for event in events] == ["notified", "not_notified"]
    assert (events[0]["n"], events[1]["why"]) == (1, "address 2 of 2 is none that apprise knows")


# -- secrets and processes ---------------------------------------------------------------------------------------------


def test_no_part_of_an_address_reaches_a_line_a_file_or_the_list_of_processes(month, tmp_path):
    small_workspace(tmp_path / "ws")
    with holder() as place, taker(status=500) as (address, _):
        urls = [address, f"json://me:Pa55-word-1@{place}/{SECRET}?+X-Key=qU3ryS3cret"]
        env = os.environ | {"OPSRETRO_NOTIFY_URLS": " ".join(urls), "OPSRETRO_NOTIFY_SECONDS": "6"}
        words = ["run", "--month", "2026-10", "--workspace", tmp_path / "ws", "--out", tmp_path / "out"]
        process = subprocess.Popen([OPSRETRO, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        children = senders(process.pid)
        shown = [Path(f"/proc/{child}/{name}") for child in children for name in ("cmdline", "environ")]
        told = b"".join(path.read_bytes() for path in shown)
        told += process.communicate()[0]
    told += b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert [value for value in (SECRET, "Pa55-word-1", "qU3ryS3cret") if value.encode() in told] == []
    assert (process.returncode, are_gone(children)) == (0, True)


def test_parts_of_an_address_are_hidden_where_a_notebook_prints_them():
    code = (
        "import sys; from opsretro.monthly.hiding import hide; "
        "print(hide('T0KEN4567 s3cret-Pass9 ab%2Fcd99EF ab/cd99EF smtp.example.com ops-team /general growth-ops'))"
    )
    urls = "slack://T0KEN4567/x/y/#general mailto://ops-team:s3cret-Pass9@smtp.example.com json://h/?a=ab%2Fcd99EF"
    env = os.environ | {"OPSRETRO_NOTIFY_URLS": urls}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "*** *** *** *** smtp.example.com ops-team /general growth-ops\n"
    assert hide("nothing") == "nothing"


def test_the_sending_process_ends_with_a_command_that_is_killed(month):
    with holder(b"H") as place:
        env = os.environ | {"OPSRETRO_NOTIFY_URLS": f"json://{place}/x"}
        words = ["run", "--month", "none", "--workspace", month / "ws"]
        process = subprocess.Popen([OPSRETRO, *words], env=env, stderr=subprocess.DEVNULL)
        children = senders(process.pid)
        killed(process)
        assert are_gone(children)


def test_an_interrupted_message_changes_no_exit_code(month):
    with holder(b"H") as place:
        env = os.environ | {"OPSRETRO_NOTIFY_URLS": f"json://{place}/x"}
        words = ["run", "--month", "2026-10", "--workspace", month / "ws", "--out", month / "out", "--lang", "en"]
        process = subprocess.Popen([OPSRETRO, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        children = senders(process.pid)
        process.send_signal(signal.SIGTERM)
        told = process.communicate()[1].decode()
    assert (process.returncode, are_gone(children)) == (0, True)
    assert told.rstrip().endswith("no message: it was interrupted")


# -- addresses and time ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["a://x b://y", "a://x,b://y", " a://x ,\n b://y, ", "a://x,\tb://y"])
def test_addresses_are_parted_by_white_space_or_by_commas_before_a_scheme(text):
    assert addresses({"OPSRETRO_NOTIFY_URLS": text}) == ["a://x", "b://y"]


def test_a_comma_inside_an_address_stays():
    assert addresses({"OPSRETRO_NOTIFY_URLS": "mailto://a?to=x@y.z,w@y.z"}) == ["mailto://a?to=x@y.z,w@y.z"]


@pytest.mark.parametrize("text", ["", "600", "-1", "0", "nan", "inf", "soon"])
def test_the_environment_cannot_raise_the_limit(text):
    assert limit({"OPSRETRO_NOTIFY_SECONDS": text}) == LIMIT
