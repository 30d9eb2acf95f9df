"""Writes survey exports as the form tools do: the same answers in every format and spelling."""

from __future__ import annotations

import csv
import io
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from zlib import decompress

import openpyxl
import pandas as pd

ITEMS = pd.DataFrame(
    [
        ("手头的工具能让我顺利工作", "tools", "tools", "1-5", "N"),
        ("My tools let me work without friction", "tools", "tools", "1-5", "N"),
        ("这个月我经常要加班", "late", "workload", "1-5", "Y"),
        ("This month I often had to work late", "late", "workload", "1-5", "Y"),
        ("我清楚最重要的目标是什么", "goal", "clarity", "1-5", "N"),
        ("I know which goal matters most", "goal", "clarity", "1-5", "N"),
        ("你有多大可能推荐我们组", "recommend", "recommend", "1-10", "N"),
        ("How likely are you to recommend our group", "recommend", "recommend", "1-10", "N"),
    ],
    columns=["question", "item", "dimension", "scale", "reversed"],
)
IDS = ["tools", "late", "goal", "recommend"]
ZH = dict(zip(ITEMS["item"][::2], ITEMS["question"][::2], strict=True))
EN = dict(zip(ITEMS["item"][1::2], ITEMS["question"][1::2], strict=True))

SPELLINGS = {
    "codes": ["1", "2", "3", "4", "5"],
    "full-width": ["１", "２", "３", "４", " ５ "],
    "decimals": ["1.0", "2.0", "3.0", "4.0", "5.0"],
    "points": ["1分", "2分", "3 分", "4分", "5分"],
    "同意": ["非常不同意", "不同意", "一般", "同意", "非常同意"],
    "比较同意": ["完全不同意", "比较不同意", "中立", "比较同意", "完全同意"],
    "不太同意": ["强烈不同意", "不太同意", "既不同意也不反对", "有点同意", "强烈同意"],
    "spaces": ["非常 不同意", " 不同意", "一般 ", "同　意", "非常同意\u00a0"],
    "code-label": ["1-非常不同意", "2-不同意", "3-一般", "4-同意", "5-非常同意"],
    "code.label": ["1.非常不同意", "2、不同意", "3：一般", "4=同意", "５－非常同意"],
    "label(code)": ["非常不同意(1)", "不同意（2）", "一般(3分)", "同意(4)", "非常同意（５）"],
    "code(label)": ["1(非常不同意)", "2（不同意）", "3[一般]", "4（同意）", "5（非常同意）"],
    "turned": ["5-非常不同意", "4-不同意", "3-一般", "2-同意", "1-非常同意"],
    "from zero": ["0-非常不同意", "1-不同意", "2-一般", "3-同意", "4-非常同意"],
    "letters": ["A.非常不同意", "B.不同意", "C.一般", "D.同意", "E.非常同意"],
    "满意": ["很不满意", "不满意", "一般", "满意", "很满意"],
    "从不": ["从不", "很少", "有时", "经常", "总是"],
    "偶尔": ["从不", "偶尔", "有时", "经常", "总是"],
    "agree": ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"],
    "somewhat": [
        *("completely disagree", "Somewhat Disagree", "Neither agree nor disagree", "rather agree", "COMPLETELY AGREE"),
    ],
    "satisfied": ["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"],
    "never": ["Never", "Rarely", "Sometimes", "Often", "Always"],
    "code - label": ["1 - Strongly disagree", "2 - Disagree", "3 - Neutral", "4 - Agree", "5 - Strongly agree"],
    "label (code)": ["Strongly disagree (1)", "Disagree (2)", "Neutral (3)", "Agree (4)", "Strongly agree (5)"],
}
"""Each step of a scale 1 to 5 as people find it in exports."""
SKIPS = ["", "(跳过)", "（空）", "-3", "\u22122", "－3", "N/A", "不清楚", "Not sure", "不适用"]
INVALID = ["3.5", "6", "0", "绿色"]

WHO = {
    "number": "90417",
    "time": "2026/10/25 12:31:36",
    "taken": "126秒",
    "ip": "192.0.2.22(北京-北京)",
    "mail": "lin.planted@example.com",
    "name": "林planted",
    "wechat": "wx_planted77",
}
"""Identities planted in one row or another of every export."""

Rows = Sequence[Sequence[str]]


def wenjuanxing(answers: Rows, teams: Sequence[str], comments: Sequence[str]) -> list[list[str]]:
    """问卷星: metadata in front, `1、`, a total behind."""
    header = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP", "1、团队"]
    header += [f"{i}、{ZH[item]}" for i, item in enumerate(IDS, 2)] + ["6、您的建议", "总分"]
    front = [
        [str(90_417 + i), f"2026/10/25 12:31:{i % 60:02d}", "126秒", "微信", "N/A", WHO["ip"]]
        for i in range(len(answers))
    ]
    return [header, *_joined(front, [[team] for team in teams], answers, [[c, "17"] for c in comments])]


def tencent(answers: Rows, teams: Sequence[str], comments: Sequence[str]) -> list[list[str]]:
    """Tencent: `1.`, notes such as (必填), IP split into places."""
    header = ["编号", "开始答题时间", "结束答题时间", "答题时长", "IP", "IP省份", "微信昵称", "1.所在团队(必填)"]
    header += [f"{i}.{ZH[item]}（必填）" for i, item in enumerate(IDS, 2)] + ["6.还有什么想说的？意见或补充"]
    front = [
        [f"{i + 1}", WHO["time"], WHO["time"], WHO["taken"], "192.0.2.7", "广东", WHO["wechat"]]
        for i in range(len(answers))
    ]
    return [header, *_joined(front, [[team] for team in teams], answers, [[c] for c in comments])]


def feishu(answers: Rows, teams: Sequence[str], comments: Sequence[str]) -> list[list[str]]:
    """Feishu: who and when behind, no numbers."""
    header = ["部门", *(f"{ZH[item]} *" for item in IDS), "改进建议", "提交人", "提交时间", "自动编号"]
    back = [[c, WHO["name"], f"2026-10-25 12:{i // 60:02d}:{i % 60:02d}", f"{i}"] for i, c in enumerate(comments)]
    return [header, *_joined([[team] for team in teams], answers, back)]


def google(answers: Rows, teams: Sequence[str], comments: Sequence[str]) -> list[list[str]]:
    """Google: Timestamp, Username, a grid, Score."""
    header = [
        "Timestamp",
        "Username",
        "Team",
        *(f"How was it? [{EN[item]}]" for item in IDS),
        "Any other comments?",
        "Score",
    ]
    front = [[f"2026/10/25 3:{i // 60:02d}:{i % 60:02d} PM GMT+8", WHO["mail"]] for i in range(len(answers))]
    return [header, *_joined(front, [[team] for team in teams], answers, [[c, "3 / 5"] for c in comments])]


def microsoft(answers: Rows, teams: Sequence[str], comments: Sequence[str]) -> list[list[str]]:
    """Microsoft: ID, times, mail, name, and points beside each question."""
    header = [
        "ID",
        "Start time",
        "Completion time",
        "Email",
        "Name",
        "Total points",
        "Quiz feedback",
        "Which team are you in?",
    ]
    header += [text for item in IDS for text in (f"{EN[item]}\u00a0", f"Points - {EN[item]}")] + [
        "What should improve?"
    ]
    front = [[f"{i + 1}", WHO["time"], WHO["time"], WHO["mail"], WHO["name"], "0", ""] for i in range(len(answers))]
    pairs = [[text for cell in row for text in (cell, "0")] for row in answers]
    return [header, *_joined(front, [[team] for team in teams], pairs, [[c] for c in comments])]


TOOLS = {"问卷星": wenjuanxing, "Tencent": tencent, "Feishu": feishu, "Google": google, "Microsoft": microsoft}


def _joined(*parts: Rows) -> list[list[str]]:
    return [[cell for part in parts for cell in part[row]] for row in range(len(parts[0]))]


def write_text(path: Path, lines: Rows, *, encoding: str = "utf-8", separator: str = ",", end: str = "\n") -> Path:
    """Delimited text, quoted where it must be."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(lines)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def write_book(path: Path, lines: Rows, *, titles: int = 0, sheets: int = 1) -> Path:
    """A workbook: numbers as numbers, titles above the header, other sheets in front."""
    book = openpyxl.Workbook()
    for number in range(1, sheets):
        other = book.active if number == 1 else book.create_sheet()
        other.append(["说明", "团队"])
    sheet = book.create_sheet("答卷") if sheets > 1 else book.active
    for title in range(titles):
        sheet.append(["团队健康度问卷" if title == 0 else None])
    for line in lines:
        sheet.append([float(cell) if cell.replace(".", "", 1).isdigit() else cell or None for cell in line])
    book.save(path)
    return path


def write_formats(folder: Path, name: str, lines: Rows) -> dict[str, Path]:
    """The same lines in every file format."""
    texts = {
        "utf-8": {}, "utf-8-sig": {"end": "\r\n"}, "gb18030": {"end": "\r\n"},
        "utf-16": {"separator": "\t", "end": "\r\n"}, "utf-8 ;": {"separator": ";"},
        "utf-16-be tab": {"separator": "\t"},
    }  # fmt: skip
    found = {}
    for kind, how in texts.items():
        found[kind] = write_text(folder / f"{name}-{len(found)}.csv", lines, encoding=kind.split()[0], **how)
    found["utf-16-be tab"].write_bytes(b"\xfe\xff" + found["utf-16-be tab"].read_bytes())
    found["xlsx"] = write_book(folder / f"{name}.xlsx", lines)
    found["xlsx titles"] = write_book(folder / f"{name}-titles.xlsx", lines, titles=3, sheets=3)
    return found


def old_workbook() -> bytes:
    """A real .xls of 1997's format, written once by xlwt 1.3: 序号, tools, late; 1, 5, 非常同意; 2, 4, 同意."""
    return decompress(b64decode(OLD_WORKBOOK))


OLD_WORKBOOK = (
    "eNrtWE1oE0EU/maz+SVNNjEttEIJBavWHhQvvbSrQu3JUn9AEYlubQ7SkEiai16s1hxFwYMovRR68VL14g8q6M2D0KIHQRCS9uhJUPTQZn3z"
    "djemtYcGtajMt8w3b9/Mt/MyM/uyuwvzicrMg44q1mAAPtTsMAINPkEl7J0YoHbblqZXh6jYCv8UwiFayIAfT1teB+UayvWuQsN9/SUxsEjl"
    "FM5juJDPpjcRBzgGS8gY+okFpskTQztHlWQ+y7yF+R73fMa8jz3XmPupb0WcxLw53NPn7uITWhe3xSCv+4g179mzB614JXfxpRvC6evH/uI5"
    "K/d3NnTqUcyC1m0om88WrVwFKVrAWXyx08Bn7059kVb+zfULkP/ban9wHf9NTQcmYZ/hDV6m5LrgcxZ4Yhm7aZXBhRqvZ74eJbNUKOQmSJOz"
    "SlkdInOrLxM9Freog6wiMj/z/Wysup9beJ9HiccQZzvBu92gjL1899ObQ6Mj5mn2THIOdzL9NhkcbFyWChLHuMVX5x5W7GK+wlfdynYHc4oi"
    "p7p7pNU1Dk5xn6vc2k3j7GW8Nbc32DvILn88/LizvGTuJHtuqHoxNffOnEEXTc4Y6eUxhV7RK+7clnhierVws8IH5vafMkRIM9zYbffvLI4V"
    "RNhMMDtncnZE/Uxz50qqxRr1cxpRsDrA3MZqqROs87k6bR2dxooIc7Ku01gn531AS+Kh7ETZ7AciUFBQUFBQUFBQUPgVCH7GdZ7odfd9Qz7N"
    "Bt3vOitUauozyX+LIyjQUaIX00HkqS7iQlP7pw1+4V1LbFDjfS+UOE6jFzGOUY5jvOn9S29SovH3bFho/L5bqNnxa83E+YfH/w6zT8gr"
)
