"""What people answered and who they are is planted in every file of a survey, and looked for in all a run leaves."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import re
import subprocess
import sys
import traceback
import zipfile
from binascii import Error as BadBase64
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from health_cases import EN, IDS, ZH, answers, files_below, review, write_items

from opsretro.errors import InputError, unseen

NAME, LATIN = "欧阳凌波", "Zinaida Quux"
PLANTED = {
    "time": "03:17:43",
    "ip": "203.0.113.77",
    "nickname": "nick-qzx7731",
    "mail": "zinaida.qzx7731@example.com",
    "phone": "13977318842",
    "wechat": "wx_qzx7731",
    "staff number": "ZK773155",
    "name": NAME,
    "latin name": LATIN,
    "duration": "77312",
    "total": "77313",
    "unknown answer": "绿色qzx",
    "impossible answer": "77314",
    "label of an answer": "5-非常同意",
    "english label of an answer": "5 - Strongly agree",
    "free group": "qzx-lonely-team",
    "dropped column": "qzx-dropped",
}
"""Each in at least one file of the survey, and nowhere else in the world."""
UNREDACTED = [
    f"联系 {NAME}，电话 139 7731 8842，微信 {PLANTED['wechat']}，流程太慢",
    f"{LATIN} ({PLANTED['mail']}, employee no. {PLANTED['staff number']}) never answers",
    "流程太慢，希望简化审批",
]
SIZES = {"growth": 12, "content": 9, "tiny": 4}
LABELS = {1: "1-非常不同意", 2: "2-不同意", 3: "3-一般", 4: "4-同意", 5: PLANTED["label of an answer"]}
ENGLISH = {1: "1 - Strongly disagree", 2: "2 - Disagree", 3: "3 - Neutral", 4: "4 - Agree", 5: "5 - Strongly agree"}


def rows_of(month: str, labels: dict[int, str], wordings: dict[str, str], seed: int) -> list[list[object]]:
    """An export with every kind of identity in it, header first."""
    people = answers(SIZES, [month], seed=seed)
    who = ["序号", "提交时间", "所用时间", "来自IP", "昵称", "Email", "手机号", "微信号", "工号", "姓名"]
    head = [*who, "团队", *(wordings[item] for item in IDS), "其他建议", "暗号", "总分"]
    kinds = ["time", "duration", "ip", "nickname", "mail", "phone", "wechat", "staff number", "name"]
    rows: list[list[object]] = [head]
    for i, (_, one) in enumerate(people.iterrows()):
        typed: list[object] = [labels[int(one[item])] for item in IDS]
        identity = [i + 1, *(PLANTED[kind] for kind in kinds)]
        identity[1] = f"2026/10/25 {PLANTED['time']}"
        said = UNREDACTED[i] if i < len(UNREDACTED) else ""
        rows.append([*identity, one["team"], *typed, said, f"qzx-dropped {chr(97 + i)}", PLANTED["total"]])
    rows[1][11], rows[2][12] = PLANTED["unknown answer"], PLANTED["impossible answer"]
    rows[3][10] = PLANTED["free group"]
    return rows


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    """A workspace with a delimited export, a workbook, a roster and a box of suggestions."""
    folder = tmp_path_factory.mktemp("planted") / "ws"
    write_items(folder / "survey")
    frame = pd.DataFrame(rows_of("2026-10", LABELS, ZH, 3))
    frame.to_csv(folder / "survey" / "2026-10.csv", header=False, index=False)
    book = openpyxl.Workbook()
    for row in rows_of("2026-09", ENGLISH, EN, 4):
        book.active.append(row)
    book.save(folder / "survey" / "2026-09.xlsx")
    heads = [f"{month},{team},{n}" for month in ("2026-09", "2026-10") for team, n in SIZES.items()]
    (folder / "survey" / "teams.csv").write_text("\n".join(["month,group,headcount", *heads, ""]))
    (folder / "survey" / "roster.txt").write_text(f"{NAME}\n{LATIN}\n", encoding="utf-8")
    box = f"month,suggestion,answer,answered_in\n2026-10,请 {PLANTED['mail']} 提前公布排班,,\n"
    (folder / "survey" / "suggestions.csv").write_text(box, encoding="utf-8")
    hours = [f"2026-10,{team},{n},{n * 168},{n * 180}" for team, n in SIZES.items()]
    (folder / "workload.csv").write_text("\n".join(["month,group,headcount,contracted_hours,worked_hours", *hours, ""]))
    return folder


def raw_files(workspace: Path) -> list[Path]:
    """What people wrote themselves."""
    kept = {"items.csv", "teams.csv", "published.csv"}
    return [path for path in (workspace / "survey").iterdir() if path.name not in kept]


class Ran:
    """One run of the real command with a temporary folder and a home of its own."""

    def __init__(self, workspace: Path, room: Path) -> None:
        self.out, temporary, home = (room / name for name in ("out", "tmp", "home"))
        for folder in (temporary, home):
            folder.mkdir(parents=True)
        own = {"TMPDIR": str(temporary), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "IPYTHON", "JUPYTER"))
        }
        words = ["run", "--month", "2026-10", "--as-of", "2026-11-05", "--workspace", workspace, "--out", self.out]
        command = [sys.executable, "-c", "from opsretro.cli import main; raise SystemExit(main())", *map(str, words)]
        self.done = subprocess.run(command, env=kept | own, capture_output=True, timeout=300, check=False)
        left = files_below(self.out, temporary, home, workspace, but=raw_files(workspace))
        self.names = {path.name for path in left}
        self.texts = {"stdout": self.done.stdout, "stderr": self.done.stderr} | {str(p): p.read_bytes() for p in left}


@pytest.fixture(scope="module")
def ran(planted, tmp_path_factory) -> Ran:
    return Ran(planted, tmp_path_factory.mktemp("ran"))


@pytest.fixture(scope="module")
def failed(planted, tmp_path_factory) -> Ran:
    """A run whose section comes to grief after the answers were read: the register of an older month holds nonsense."""
    register = planted / "survey" / "published.csv"
    kept = register.read_text(encoding="utf-8") if register.exists() else ""
    header = "month,group,item,n,mean,decimals,dist,suppressed,reason\n"
    register.write_text(header + "2026-08,all,load,20,3.1,1,7,False,\n", encoding="utf-8")
    found = Ran(planted, tmp_path_factory.mktemp("failed"))
    register.write_text(kept, encoding="utf-8") if kept else register.unlink()
    return found


def unpacked(data: bytes) -> list[bytes]:
    """Some bytes, what is packed in them, and what base64 in them says."""
    found = [data]
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found += [archive.read(name) for name in archive.namelist()]
    for run in re.findall(rb"[A-Za-z0-9+/]{16,}={0,2}", data.replace(rb"\n", b"")):
        try:
            found.append(base64.b64decode(run[: len(run) // 4 * 4]))
        except BadBase64:
            continue
    return found


def spellings(token: str) -> set[bytes]:
    """A token as it can stand in a file."""
    texts = {token, html.escape(token), json.dumps(token)[1:-1]}
    return {text.encode(code) for text in texts for code in ("utf-8", "utf-16-le", "utf-16-be", "gb18030")}


def leaks(texts: dict[str, bytes], tokens: list[str]) -> list[tuple[str, str]]:
    """Where a token stands."""
    wanted = {spelling: token for token in tokens for spelling in spellings(token)}
    everything = re.compile(b"|".join(map(re.escape, wanted)))
    return [
        (place, wanted[found])
        for place, data in texts.items()
        for part in unpacked(data)
        for found in set(everything.findall(part))
    ]


GROUP = PLANTED["free group"]
TOKENS = [token for token in PLANTED.values() if token != GROUP]


@pytest.mark.parametrize("spelt", ["utf-8", "utf-16-le", "gb18030", "base64", "zip", "json"])
def test_the_scan_finds_what_is_there(spelt):
    data = NAME.encode(spelt if spelt in {"utf-8", "utf-16-le", "gb18030"} else "utf-8")
    if spelt == "base64":
        data = b"<" + base64.b64encode(b"some bytes before " + data) + b">"
    elif spelt == "json":
        data = json.dumps({"a": NAME}).encode()
    elif spelt == "zip":
        with zipfile.ZipFile(packed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inside", data)
        data = packed.getvalue()
    assert leaks({"here": data}, TOKENS) == [("here", NAME)]


def test_every_token_is_planted_in_the_survey(planted):
    texts = {path.name: path.read_bytes() for path in raw_files(planted)}
    assert {token for _, token in leaks(texts, [*TOKENS, GROUP])} == {*TOKENS, GROUP}


def test_no_token_is_in_the_review_or_its_texts(planted):
    found = review(planted)
    said = json.dumps(found.to_dict(), ensure_ascii=False) + repr(found) + str(found) + found._repr_html_()
    assert leaks({"review": said.encode()}, TOKENS) == []


def test_a_team_only_one_person_typed_is_not_named(planted):
    said = json.dumps(review(planted).to_dict(), ensure_ascii=False)
    assert leaks({"review": said.encode()}, [GROUP]) == []


def test_comments_appear_without_who_wrote_them_or_is_named(planted):
    found = set(review(planted).comments["text"])
    assert "流程太慢，希望简化审批" in found
    assert "联系 [姓名]，电话 [电话]，微信 [微信]，流程太慢" in found


def unforeseen() -> RuntimeError:
    """An error that quotes an answer, as it leaves the package."""

    def broken(answer: str) -> None:
        int(answer)

    told = "^survey: ValueError in broken; please report it, the values stay here$"
    with pytest.raises(RuntimeError, match=told) as caught:
        unseen("survey")(broken)(PLANTED["mail"])
    return caught.value


def test_an_error_nobody_foresaw_keeps_its_values():
    told = "".join(traceback.format_exception(unforeseen()))
    assert leaks({"traceback": told.encode()}, TOKENS) == []


def test_an_error_nobody_foresaw_keeps_its_values_from_tracebacks_with_locals():
    # what `%xmode Verbose`, `pytest --showlocals` and error collectors print
    frames = traceback.TracebackException.from_exception(unforeseen(), capture_locals=True)
    assert leaks({"traceback": "".join(frames.format()).encode()}, TOKENS) == []


def test_no_token_is_in_the_refusal_of_a_broken_register(planted, tmp_path):
    (broken := planted / "survey" / "published.csv").write_text("month,group\n2026-10,all\n", encoding="utf-8")
    try:
        with pytest.raises(InputError, match="no register of publications any more") as e:
            review(planted)
    finally:
        broken.unlink()
    frames = "".join(traceback.TracebackException.from_exception(e.value, capture_locals=False).format())
    assert leaks({"refusal": frames.encode()}, [*TOKENS, GROUP]) == []


@pytest.mark.slow
def test_the_run_publishes_team_health(ran):
    assert (ran.done.returncode, ran.done.stderr.decode()[-800:]) == (0, ran.done.stderr.decode()[-800:])
    assert {"health.ipynb", "health.json", "index.html", "index.en.html"} <= ran.names


@pytest.mark.slow
def test_no_token_is_left_anywhere_by_a_run(ran):
    assert leaks(ran.texts, TOKENS) == []


@pytest.mark.slow
def test_no_answer_of_the_tiny_team_is_left_by_a_run(ran):
    cells = pd.DataFrame(json.loads((ran.out / "2026-10" / "health.json").read_text(encoding="utf-8"))["cells"])
    tiny = cells[cells["group"] == "team=tiny"]
    assert len(tiny) and tiny[["mean", "low", "middle", "high"]].isna().all(axis=None)


@pytest.mark.slow
def test_no_hash_of_an_export_is_left_by_a_run(ran, planted):
    from hashlib import md5, sha1, sha256

    hashes = [kind(path.read_bytes()).hexdigest() for path in raw_files(planted) for kind in (md5, sha1, sha256)]
    assert leaks(ran.texts, hashes) == []


@pytest.mark.slow
def test_no_token_is_left_anywhere_by_a_run_that_fails(failed):
    assert failed.done.returncode == 1
    assert leaks(failed.texts, TOKENS) == []


@pytest.mark.slow
def test_a_section_that_fails_leaves_no_result_behind(failed):
    assert "health.json" not in failed.names
