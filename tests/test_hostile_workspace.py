"""A month of a workspace whose every text is an attack: nothing runs, nothing leaves the folder, all of it is text.

Published once by the real command, in a home, a working folder and a temporary folder of its own, with secrets in the
environment; then read byte by byte and in a real browser.
"""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browsing import chromium, need_chromium, skip_without_chromium
from hostile import GOALS, PAYLOADS, hostile_workspace
from pypdf import PdfReader

from opsretro.report.minutes_export import csv_bytes, html, markdown
from opsretro.report.views import load
from opsretro.words import LANGUAGES, without_unseen

skip_without_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPSRETRO = Path(sys.executable).with_name("opsretro")
PAGES = ("index.html", "index.en.html")
SECTIONS = ("goals", "roi", "rootcause", "health", "followup")
RECORDS = {f"{name}.{kind}" for name in SECTIONS for kind in ("ipynb", "json")} | {"meeting.json", "run.json"}
MAY = re.compile(
    r"index\.html|index\.en\.html|(2026-10/)?(retro\.(zh-CN|en)\.pdf|\w+\.(ipynb|json)|index(\.en)?\.html)"
)
"""What the product says stands in the reports folder."""
TOOLS = {".cache", ".config", ".ipython", ".jupyter", ".local"}
"""Where matplotlib, IPython and Jupyter keep what is theirs in a home."""
WRITTEN = {"readings.jsonl", "survey/published.csv"}
"""What a run adds to a workspace: the readings, and the register of what was published of the team's health."""
SECRETS = {
    "OPSRETRO_NOTIFY_URLS": "json://127.0.0.1:9/secret-notify-7731",
    "OPSRETRO_DB_URL": "postgresql://me:secret-sql-7731@127.0.0.1:9/x",
    "AWS_SECRET_ACCESS_KEY": "secret-aws-7731",
    "GITHUB_TOKEN": "secret-github-7731",
    "DATABASE_URL": "postgresql://me:secret-database-7731@127.0.0.1:9/x",
}
SECRET = re.compile(rb"secret-\w+-7731")
ADDRESS = re.compile(r"#[\w-]*|(\.\./)?index(\.en)?\.html|data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
"""What a link or a picture may point at: a place on the page, the other page, the archive, a picture inside."""
ACTIVE = {"script", "iframe", "frame", "object", "embed", "applet", "base", "link", "form", "portal", "foreignobject"}
ANIMATED = {"animate", "set", "animatetransform", "animatemotion"}
ADDRESSED = {"href", "src", "xlink:href", "action", "formaction", "poster", "srcset", "srcdoc", "background", "data"}
UNFOLD = "document.querySelectorAll('details').forEach(details => details.open = true)"
HAPPENED = "[window.pwned, document.querySelectorAll('script, [onerror], [onload], [onmouseover]').length]"


class Inert(HTMLParser):
    """Finds whatever in a page could run, load or lead elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.policies: list[str] = []
        self.in_style = False

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.in_style = tag == "style"
        if tag in ACTIVE | ANIMATED:
            self.found.append(tag)
        if tag == "meta" and told.get("http-equiv"):
            self.policies.append(told["content"])
        for name, value in attrs:
            led = name in ADDRESSED and not ADDRESS.fullmatch(value or "")
            if name.startswith("on") or led or (name == "style" and has_address(value or "")):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data):
        if self.in_style and has_address(data):
            self.found.append(f"style {data[:40]}")

    def handle_endtag(self, tag):
        self.in_style = False


def has_address(style):
    """Whether a style loads something; a place of the page itself is nothing to load."""
    return "@import" in style or "expression(" in style or re.search(r"url\((?!#)", style) is not None


def parsed(page):
    found = Inert()
    found.feed(page)
    found.close()
    return found


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def hashes(folder):
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files_of(folder).items()}


class Month:
    """One run of the real command, and everything around it."""

    def __init__(self, room):
        self.room, self.workspace, self.out = room, room / "ws", room / "out"
        self.made = hostile_workspace(self.workspace)
        self.before = hashes(self.workspace)
        self.home, self.tmp, self.cwd = (room / name for name in ("home", "tmp", "cwd"))
        for folder in (self.home, self.tmp, self.cwd):
            folder.mkdir()
        self.done = self.command("run", "--month", "2026-10", "--out", self.out)
        self.folder = self.out / "2026-10"

    def command(self, *words):
        own = {"HOME": self.home, "TMPDIR": self.tmp, **SECRETS}
        kept = {name: v for name, v in os.environ.items() if not name.startswith(("XDG_", "IPYTHON", "JUPYTER", "MPL"))}
        told = [OPSRETRO, *words, "--workspace", self.workspace]
        return subprocess.run(told, env=kept | own, cwd=self.cwd, capture_output=True, timeout=300, check=False)

    def json(self, name):
        return json.loads((self.folder / name).read_bytes())


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """The month; a hostile text is no input error, so it is published."""
    ran = Month(tmp_path_factory.mktemp("hostile"))
    assert ran.done.returncode == 0, ran.done.stderr.decode()[-800:]
    return ran


@pytest.fixture(scope="module")
def browser():
    with chromium(need_chromium()) as started:
        yield started


def opened(browser, address, **options):
    """A page as a reader sees it, all unfolded, and what happened."""
    context, happened = browser.new_context(**options), []
    page = context.new_page()
    for event in ("dialog", "pageerror", "popup", "download"):
        page.on(event, lambda what, event=event: happened.append((event, str(what))))
    page.on("console", lambda message: happened.append(("console", message.text)))
    context.on("request", lambda request: happened.append(("request", request.url)))
    page.goto(address)
    page.evaluate(UNFOLD)
    return page, happened


@pytest.fixture(scope="module")
def shown(browser, month):
    """Both pages, opened once."""
    return {name: opened(browser, (month.folder / name).as_uri()) for name in PAGES}


def test_every_section_of_it_is_published(month):
    status = {name: section["status"] for name, section in month.json("run.json")["sections"].items()}
    assert status == dict.fromkeys((*SECTIONS, "meeting"), "done")
    assert {*PAGES, *RECORDS} <= files_of(month.folder).keys()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_holds_nothing_that_could_run_or_load(month, name):
    assert parsed((month.folder / name).read_text(encoding="utf-8")).found == []


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_of_the_page_starts_from_nothing(month, name):
    (policy,) = parsed((month.folder / name).read_text(encoding="utf-8")).policies
    assert policy.startswith("default-src 'none';")
    assert "script-src" not in policy and "unsafe-eval" not in policy and "http" not in policy


@pytest.mark.parametrize("name", PAGES)
def test_the_browser_runs_asks_and_complains_of_nothing(month, shown, name):
    page, happened = shown[name]
    for link in page.locator("a").all():
        link.dispatch_event("mouseover")
    page.locator("h1").hover()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(HAPPENED) == [None, 0]
    assert happened == [("request", (month.folder / name).as_uri())]


@pytest.mark.parametrize("name", PAGES)
def test_nothing_would_run_even_without_the_policy(browser, month, name):
    address = (month.folder / name).as_uri()
    page, happened = opened(browser, address, bypass_csp=True)
    assert page.evaluate(HAPPENED) == [None, 0]
    assert happened == [("request", address)]
    page.context.close()


@pytest.mark.parametrize("kind", PAYLOADS)
def test_a_payload_is_read_as_the_text_it_is(shown, kind):
    texts = [" ".join(page.locator("body").inner_text().split()) for page, _ in shown.values()]
    told = " ".join(without_unseen(PAYLOADS[kind]).split())
    assert [text for text in texts if told in text]


def test_the_goals_are_called_what_was_typed(month, shown):
    names = [month.made.texts.get(word) for word in ("Conversion", "Followers", "成交额（GMV）")]
    texts = "".join(page.locator("#goals").inner_text() for page, _ in shown.values())
    assert [name for name in filter(None, names) if name in texts]
    assert {goal["goal_id"] for goal in month.json("goals.json")["goals"]} == {month.made.ids[goal] for goal in GOALS}


@pytest.mark.parametrize("name", PAGES)
def test_no_sign_turns_the_page_or_steers_a_terminal(month, name):
    assert (
        re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", (month.folder / name).read_text()) == []
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_word_of_five_thousand_letters_does_not_widen_the_page(shown, name):
    page, _ = shown[name]
    page.set_viewport_size({"width": 390, "height": 844})
    root = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert root == [390, 390]


@pytest.mark.parametrize("name", ["retro.zh-CN.pdf", "retro.en.pdf"])
def test_the_document_is_set_and_says_what_was_typed(month, name):
    told = "".join("".join(page.extract_text() for page in PdfReader(month.folder / name).pages).split())
    assert '#import"x.typ"' in told and not re.findall("[\x01-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", told)


def test_charts_write_formulas_as_they_were_typed(month):
    goals = load(month.json("goals.json"), lang="en")
    texts = [text for axes in goals.plot().axes for text in [*axes.get_yticklabels(), *axes.texts]]
    assert [text.get_text() for text in texts if "$" in text.get_text()]
    assert not [text for text in texts if text.get_parse_math()]


def test_a_dimension_with_a_stroke_in_its_name_is_drawn(month):
    health = load(month.json("health.json"), lang="en")
    subjects = {f"{row['group']}/{row['dimension']}" for row in month.json("health.json")["dimensions"]}
    strokes = sorted(subject for subject in subjects if subject.count("/") > 1)[:2]
    assert [len(health.plot(subject).axes) for subject in strokes] == [1, 1]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_outputs_of_a_notebook_hold_no_markup_of_others(month, section):
    cells = month.json(f"{section}.ipynb")["cells"]
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    pages = ["".join(data["text/html"]) for data in outputs if "text/html" in data]
    assert len(pages) > 1
    assert [parsed(page).found for page in pages] == [[]] * len(pages)
    assert not [page for page in pages if "mathjax_ignore" not in page and "$" in page]
    kinds = {kind for data in outputs for kind in data}
    assert kinds <= {"text/html", "text/plain", "image/png"}


def test_nothing_was_touched_that_a_payload_names(month):
    found = [path for path in month.room.rglob("*PWNED*") if month.home not in path.parents]
    assert found == []
    assert not Path("/tmp/PWNED").exists()


def test_the_run_writes_into_its_folders_only(month):
    assert {path.name for path in month.room.iterdir()} == {"ws", "out", "home", "tmp", "cwd"}
    assert [name for name in files_of(month.out) if not MAY.fullmatch(name)] == []
    assert list(month.cwd.iterdir()) == []
    assert {path.name for path in month.home.iterdir()} <= TOOLS


def test_the_workspace_is_as_it_was_but_for_what_the_run_adds(month):
    after = hashes(month.workspace)
    changed = {name for name in {*after, *month.before} if after.get(name) != month.before.get(name)}
    assert changed == WRITTEN


def test_temporary_files_are_gone(month):
    assert list(month.tmp.iterdir()) == []
    assert [path for path in month.out.rglob("*") if path.name.startswith(".")] == []
    assert [path for path in month.workspace.rglob("*") if path.name.startswith(".")] == []
    assert list(month.home.rglob("kernel-*.json")) == []


def test_no_secret_of_the_environment_is_written_or_said(month):
    written = {name: path.read_bytes() for name, path in files_of(month.room).items()}
    written |= {"stdout": month.done.stdout, "stderr": month.done.stderr}
    assert {name: found for name, data in written.items() if (found := SECRET.findall(data))} == {}


def test_the_run_says_nothing_that_steers_a_terminal(month):
    said = (month.done.stdout + month.done.stderr).decode()
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", said) == []


def is_formula(cell):
    """Whether a spreadsheet would compute a cell; a plain number is none."""
    return cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) and not re.fullmatch(r"-?\d+(\.\d+)?", cell)


def formulas(data):
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert len(rows) > 5
    return [cell for row in rows for cell in row if is_formula(cell)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_minutes_hold_no_formula_and_no_markup(month, lang):
    minutes = load(month.json("meeting.json"), lang=lang)
    assert formulas(csv_bytes(minutes, lang)) == []
    assert parsed(html(minutes, lang)).found == []
    assert re.findall(r"<\w|\]\(|!\[|`|://", markdown(minutes, lang)) == []


def test_the_ledger_is_handed_out_without_formulas_and_markup(month):
    texts = {kind: month.command("ledger", "export", "--all", "--format", kind).stdout for kind in ("csv", "md", "ics")}
    assert formulas(texts["csv"]) == []
    assert re.findall(rb"<\w|\]\(|!\[|`|://", texts["md"]) == []
    properties = {line.split(b":")[0].split(b";")[0] for line in re.sub(rb"\r\n ", b"", texts["ics"]).splitlines()}
    known = {b"BEGIN", b"END", b"VERSION", b"PRODID", b"CALSCALE", b"UID", b"DTSTAMP", b"DTSTART", b"DTEND"}
    assert properties == known | {b"SUMMARY", b"DESCRIPTION", b"TRANSP"}


def test_the_ledger_on_a_terminal_steers_nothing(month):
    said = month.command("ledger", "list", "--all").stdout.decode()
    assert "service-1" in said
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", said) == []
