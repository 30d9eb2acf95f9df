"""The catalogue of words: the same keys in both languages, every one of them used, none of them missing."""

import ast
import re
from itertools import product
from pathlib import Path
from string import Formatter

import pandas as pd
import pytest

from opsretro.analysis.cause_leads import SCOPES
from opsretro.analysis.cause_review import Against, State
from opsretro.analysis.codes import ALERT_RULES, Assurance, LimitsState, Reason, Status, Variation
from opsretro.analysis.follow_codes import Reason as Untold
from opsretro.analysis.follow_codes import Verdict as Moved
from opsretro.analysis.health_review import HealthState
from opsretro.analysis.methods.cause import Movement
from opsretro.analysis.methods.centre_line import Method
from opsretro.analysis.methods.daily_signals import DayState
from opsretro.analysis.methods.daily_signals import Kind as AlertKind
from opsretro.analysis.methods.disclosure import Reason as Withheld
from opsretro.analysis.methods.effect import Caution
from opsretro.analysis.methods.funnel import FACTORS
from opsretro.analysis.methods.month_changes import Verdict as Change
from opsretro.analysis.methods.returns import Verdict
from opsretro.analysis.methods.smart import Defect
from opsretro.analysis.minutes import ASKED as ASKED_OF_A_DECISION
from opsretro.analysis.minutes import DIRECTIONS
from opsretro.analysis.months_join import FINDINGS
from opsretro.analysis.months_join import TOLD as TOLD_OF_A_GOAL
from opsretro.analysis.own_result import CHARTS
from opsretro.analysis.roi_figures import STAGES
from opsretro.analysis.team_score import ASSESSORS
from opsretro.errors import InputError, Problem
from opsretro.meeting.ledger_export import LISTED
from opsretro.report.archive_page import BAD, HEADINGS, HITS
from opsretro.report.cause_text import KINDS
from opsretro.report.cause_view import COLUMNS as CAUSE_COLUMNS
from opsretro.report.cause_view import DRILL
from opsretro.report.cause_words import FRACTIONS
from opsretro.report.changed_view import TOLD
from opsretro.report.follow_view import CERTAINTY as FOLLOW_CERTAINTY
from opsretro.report.follow_view import COLUMNS as FOLLOW_COLUMNS
from opsretro.report.follow_view import READING as FOLLOW_READING
from opsretro.report.follow_view import THEME
from opsretro.report.goal_view import COLUMNS, RUNNING
from opsretro.report.health_charts import WORKLOAD
from opsretro.report.health_text import KINDS as DROPPED
from opsretro.report.health_view import COLUMNS as HEALTH_COLUMNS
from opsretro.report.health_view import ITEM
from opsretro.report.minutes_view import CERTAINTY as MINUTES_CERTAINTY
from opsretro.report.minutes_view import COLUMNS as MINUTES_COLUMNS
from opsretro.report.months_view import CERTAINTY as MONTHS_CERTAINTY
from opsretro.report.months_view import COLUMNS as MONTHS_COLUMNS
from opsretro.report.roi_text import SHOWN
from opsretro.report.roi_view import COLUMNS as ROI_COLUMNS
from opsretro.report.sections import SECTIONS
from opsretro.tables.actions import ASKED, CHOICES
from opsretro.tables.cells import convert
from opsretro.tables.contracts import Column, Kind
from opsretro.tables.judgements import BASES, CONTROLS
from opsretro.tables.meetings import PHASES
from opsretro.tables.settings import _READERS as SETTINGS
from opsretro.tables.settings import read_settings
from opsretro.tables.trees import CATEGORIES
from opsretro.tables.trees import KINDS as TREES
from opsretro.words import LANGUAGES, catalogue, join_list, pick, say

PACKAGE = Path(__file__).parents[1] / "opsretro"
WORD_OF = {"goal": "goals.", "roi": "roi.", "cause": "cause.", "health": "health."}
WORD_OF |= {"teams": "teams.", "explore": "explore.", "follow": "followup.", "minutes": "minutes.", "own": "own."}
WORD_OF |= {"months": "months.", "archive": "archive."}
"""Where `word("…")` looks, by the first word of the module's name."""
REFUSALS = ["short_pre", "pre_trend", "overlap", "not_separable"]
SPANS = ["month", "quarter", "year"]
FOLLOW_REASONS = [reason for reason in Untold if reason]
DATES = {"date.month", "date.day", "goals.tick", "roi.tick", "cause.tick", "health.tick", "followup.tick"}
"""English writes a month by its name where Chinese writes its number."""
HAN = "\u4e00-\u9fff"
OWN_NAME_OF_A_LANGUAGE = "page.other_language"
REFUSING = {"refuse", "problem", "_problem"}
"""Methods that make a problem of a code and its values."""
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
ANYTHING = ".*"


def asked(call, stem):
    """Section and key expression of a call that looks up words; None for other calls."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == "Problem":
        return "problem.", next(keyword.value for keyword in call.keywords if keyword.arg == "code")
    if name in {"refuse", "problem"} and len(call.args) > 1:
        return "problem.", call.args[0]
    plain = name == {"board_templates": "_problem", "card_changes": "_refused"}.get(stem)
    if plain or (isinstance(call.func, ast.Attribute) and name in REFUSING):
        return "problem.", call.args[0]
    if name == "say" and call.args:
        return "cli." if isinstance(call.func, ast.Attribute) else "", call.args[0]
    if isinstance(call.func, ast.Name) and name == "tell":
        return "cli.", call.args[0]
    return (WORD_OF[stem.split("_")[0]], call.args[0]) if name == "word" else None


def patterns(key, function):
    """Patterns of the keys an expression can be; what is only known at run time stands for anything."""
    if isinstance(key, ast.Constant):
        return {re.escape(key.value)}
    if isinstance(key, ast.JoinedStr):
        return {"".join(re.escape(part.value) if isinstance(part, ast.Constant) else ANYTHING for part in key.values)}
    if isinstance(key, ast.IfExp):
        return patterns(key.body, function) | patterns(key.orelse, function)
    return set().union(*(patterns(value, function) for value in values_of(key, function))) or {ANYTHING}


def values_of(key, function):
    """What a name is set to in a function: by assignment, or by a loop over texts that are written out."""
    for node in ast.walk(function) if isinstance(key, ast.Name) else ():
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == key.id:
            yield node.value
        elif isinstance(node, ast.For) and key.id in ast.unparse(node.target).strip("()").split(", "):
            texts = (text for text in ast.walk(node.iter) if isinstance(text, ast.Constant))
            yield from (text for text in texts if isinstance(text.value, str))


def lookups():
    """(place, patterns, call) of every look-up in the code; what only passes a whole section's key on is left out."""
    for path in sorted(PACKAGE.rglob("*.py")):
        functions = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, FUNCTIONS)]
        for function in functions:
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                if found := asked(call, path.stem):
                    section, key = found
                    keys = {re.escape(section) + pattern for pattern in patterns(key, function)}
                    yield f"{path.name}:{call.lineno}", {key for key in keys if key.count(".*") == 0 or says(key)}, call


def says(pattern):
    """Whether a pattern names more than a section."""
    return re.fullmatch(r"(\w+\\\.)?\.\*", pattern) is None


def in_templates():
    for path in sorted((PACKAGE / "report" / "templates").glob("*.jinja")):
        for key in re.findall(r"""\bword\(["']([^"']+)["']""", path.read_text(encoding="utf-8")):
            room = path.name.split(".")[0].split("_")[0]
            yield path.name, {re.escape(f"{WORD_OF.get(room, f'{room}.')}{key}")}


USES = [(place, found) for place, found, _ in lookups()] + list(in_templates())


def base(key):
    """A key without its number form."""
    return key.removesuffix(".one").removesuffix(".other")


def placeholders(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def matching(pattern):
    return [key for key in catalogue("en") if re.fullmatch(pattern, base(key))]


def dynamic_keys():
    """Keys that are put together at run time, written out from the codes they are made of."""
    moves = [f"{rule}_{side}" for rule, side in product(ALERT_RULES, ("up", "down"))]
    verdicts = ["met", "missed", "range_met", "range_missed", "few_rows", *filter(None, Reason)]
    tails = {
        "goals.status": ["met", "missed", *filter(None, Reason)],
        "goals.verdict": verdicts,
        "goals.variation": [*moves, "noise", "unknown"],
        "goals.title": [*moves, *(f"pace_{word}" for word in ("likely", "unlikely", "open")), "noise", "unknown"],
        "goals.assurance": Assurance,
        "goals.expect": [*Assurance, "none"],
        "goals.limits": LimitsState,
        "goals.mark": ["signal_up", "signal_down", "noise", "unknown", "none"],
        "goals.headline": ["goals_met", "goals_open", "signals", "untold", "pace"],
        "goals.overview": ["title", "untold", "running"],
        **dict.fromkeys(("goals.span", "goals.before", "page.title", "page.conclusions", "page.changes"), SPANS),
        "goals.year_ago": ["month", "quarter"],
        "goals.pace": ["told", "bare", "untold", "title", "so_far"],
        "goals.pace.key": ["gap", "level", "cone"],
        "goals.turn": ["met", "missed", "band", "band_up", "band_down", "changed", "history"],
        "goals.column": [*COLUMNS[:2], *COLUMNS[3:], *RUNNING[4:], "so_far"],
        "goals.follows": [method for method in Method if method is not Method.PLAIN],
        "goals.score": [*ASSESSORS, "data", "total", "month", "coverage"],
        "goals.smart": [*Defect, "title", "none"],
        "goals.history": LimitsState,
        "alerts.line": [f"{kind}_{side}" for kind, side in product(AlertKind, ("up", "down"))],
        "alerts.side": ["better", "worse"],
        "alerts.state": [state for state in DayState if state is not DayState.JUDGED],
        **dict.fromkeys(("roi.so", "roi.tile"), Verdict),
        "roi.headline": [*Verdict, "running", "untold"],
        "roi.verdict": [*Verdict, *REFUSALS, "running", "untold"],
        "roi.why": REFUSALS,
        "roi.grade": ["A", "B", "C", "none"],
        "roi.warning": Caution,
        "roi.certain": SHOWN,
        "roi.certainty": ["A", "B", "C"],
        "roi.span": SPANS,
        "roi.title": ["up", "down", "open"],
        "roi.line": ["actual", "expected"],
        "roi.factor": FACTORS,
        "roi.stage": STAGES,
        "roi.column": ROI_COLUMNS,
        "roi.prompt": ["start_holdout", "start_again", "start_apart"],
        "cause.against": [f"{against}_{span}" for against, span in product(Against, SPANS)],
        "cause.bar": ["more", "common", "calendar", "rest"],
        "cause.column": [*CAUSE_COLUMNS, *DRILL, "factor", "before", "after", "brings"],
        **dict.fromkeys(("cause.course", "cause.effect"), Movement),
        "cause.what": ["rate", "mix"],
        "cause.drill": ["cause", "ruled_out", "moved", "quiet"],
        "cause.kind": KINDS,
        "cause.lead": SCOPES,
        "cause.line": ["actual", "expected"],
        "cause.share": FRACTIONS,
        "cause.short": ["with", "more", "against"],
        "cause.stands": ["above", "below", "level"],
        "cause.state": State,
        "cause.sure": ["high", "some", "low"],
        "cause.tree": TREES.values(),
        "cause.untold": [*list(State)[1:], "alike"],
        "cause": [
            *(f"basis_{code}" for code in BASES),
            *(f"control_{code}" for code in CONTROLS),
            *(f"category_{code}" for code in CATEGORIES),
        ],
        "health.state": [state for state in HealthState if state is not HealthState.SHOWN],
        "health.told": ["down", "up", "steady", "wide", "short", "part", "hidden"],
        "health.cannot": [f"{doubt}{end}" for doubt, end in product(("wide", "short", "part"), ("", "_all"))],
        **dict.fromkeys(("health.verdict", "health.course"), Change),
        "health.move": ["down", "up"],
        "health.ask": ["down", "up"],
        "health.overview": ["down", "up", "several", "steady", "some", "untold"],
        "health.courses": ["moved", "none", "untold"],
        "health.finding": ["overtime", "overtime_beside", "late", "open_suggestions"],
        "health.why": Withheld,
        "health.log": [*DROPPED, "unknown"],
        "health.beside": WORKLOAD,
        "health.unit": WORKLOAD[1:],
        "health.column": [*HEALTH_COLUMNS, *ITEM, "sure"],
        "health.tile": ["steady", "untold", "none"],
        "followup.headline": [*Moved, "dropped", "did_not", "earlier", "inside", "older"],
        "followup.verdict": [*Moved, "dropped"],
        "followup.so": Moved,
        "followup.span": SPANS,
        "followup.told": [*FOLLOW_REASONS, "up", "down", "wrong_up", "wrong_down", "ruled_out", "no_worth"],
        "followup.joint": ["up", "down", "open"],
        "followup.hoped": ["held", "less", "beyond"],
        "followup.title": ["up", "down", "wrong_up", "wrong_down", "not_moved", "cannot_tell", "joint"],
        "followup.line": ["actual", "expected"],
        "followup.column": [*FOLLOW_COLUMNS, *FOLLOW_CERTAINTY, *FOLLOW_READING],
        "followup.theme": THEME,
        "followup.label": [
            *ASKED,
            "start",
            "baseline",
            "hoped",
            "check_on",
            "status",
            "carried",
            "controllable",
            "source",
        ],
        "followup.controllable": CHOICES["controllable"],
        "followup.ask": ["carried", "carried_some"],
        "minutes.headline": SPANS,
        **dict.fromkeys(("minutes.lacks", "minutes.field"), ASKED_OF_A_DECISION),
        "minutes.finding": [
            "unwritten",
            *(f"no_{name}" for name in ASKED_OF_A_DECISION),
            "still_open",
            "topics",
            "parked",
        ],
        "minutes.wanted": DIRECTIONS,
        "minutes.phase": PHASES,
        "minutes.column": [*MINUTES_COLUMNS, *MINUTES_CERTAINTY],
        "changed.figure": sorted({label for figures in TOLD.values() for label, _ in figures.values()}),
        "changed.code": [
            *(code for codes in (Status, Variation, Assurance, Verdict, State, Movement) for code in codes),
            *(code for codes in (Change, Moved, HealthState, CHOICES["status"]) for code in codes),
        ],
        "months.say": [*FINDINGS, "goals_before", "goals_same", "no_signal", "no_action", "health_same", "missing"],
        "months.count": [*Verdict, *Moved, "untold"],
        "months.moved": ["up", "down"],
        "months.status": ["met", "missed", "open"],
        "months.verdict": [*Verdict, *Moved, "untold", "not_done"],
        "months.variation": Variation,
        "months.health": Change,
        "months.state": ["absent", *BAD],
        "months.cell": ["open", "overdue", "moved"],
        "months.differ": [*TOLD_OF_A_GOAL, "target"],
        "months.gap.section": ["lost", "broken", "other_schema", "unreadable", "link"],
        "months.gap.month": [
            *("no_manifest", "broken_manifest", "no_page", "unreadable", "link", "no_folder", "not_published"),
        ],
        "months.column": [*MONTHS_COLUMNS, *MONTHS_CERTAINTY],
        "months.heading": HEADINGS,
        "archive.hits": HITS,
        "own.drawn": CHARTS,
        "own.shown": ["rows", "columns"],
        "page.short": [*(section.key for section in SECTIONS), "own"],
        "explore.against": Against,
        "ledger.status": CHOICES["status"],
        "ledger.field": [*LISTED, "check_on", "when", "then", "trigger", "direction"],
        "page.section": [section.key for section in SECTIONS],
        "date.short": [f"m{month}" for month in range(1, 13)],
    }
    return [f"{section}.{tail}" for section, found in tails.items() for tail in found]


def test_both_languages_have_the_same_keys():
    assert set(catalogue("zh-CN")) == set(catalogue("en"))


def test_both_languages_have_the_same_placeholders():
    pairs = {key: [placeholders(catalogue(lang)[key]) for lang in LANGUAGES] for key in catalogue("en")}
    assert {key: found for key, found in pairs.items() if found[0] != found[1] and key not in DATES} == {}


@pytest.mark.parametrize("key", sorted(DATES))
def test_dates_differ_only_in_how_the_month_is_written(key):
    chinese, english = (placeholders(catalogue(lang)[key]) for lang in LANGUAGES)
    assert chinese - {"month"} == english - {"name"}


def test_a_form_for_one_stands_beside_a_form_for_others():
    forms = {key for key in catalogue("en") if key != base(key)}
    assert forms == {f"{base(key)}.{form}" for key in forms for form in ("one", "other")}


def test_every_key_the_code_asks_for_exists():
    assert [(place, pattern) for place, found in USES for pattern in found if not matching(pattern)] == []


@pytest.mark.parametrize("key", dynamic_keys())
def test_every_code_has_its_words(key):
    assert key in {base(known) for known in catalogue("en")}


def test_every_key_is_used():
    used = {key for _, found in USES for pattern in found for key in matching(pattern)}
    assert sorted(set(catalogue("en")) - used) == []


def test_every_placeholder_is_given_a_value():
    missing = []
    for place, found, call in lookups():
        given = {keyword.arg for keyword in call.keywords}
        plain = [key for pattern in found if ".*" not in pattern for key in matching(pattern)]
        if None not in given and "code" not in given:
            missing += [(place, key) for key in plain if placeholders(catalogue("en")[key]) - given]
    assert missing == []


def test_chinese_uses_chinese_punctuation():
    wrong = re.compile(rf"[{HAN}}}][,;:()]|[,;:()][{HAN}{{]")
    assert {key: text for key, text in catalogue("zh-CN").items() if wrong.search(text)} == {}


def test_english_holds_no_chinese_but_the_name_of_the_language():
    chinese = re.compile(rf"[{HAN}\u3000-\u303f\uff00-\uffef]")
    assert [key for key, text in catalogue("en").items() if chinese.search(text)] == [OWN_NAME_OF_A_LANGUAGE]


def test_braces_in_data_are_shown_as_they_are():
    said = say("problem.not_a_number", "en", value="{lang} {0.__class__} {{")
    assert said == "'{lang} {0.__class__} {{' is not a number; leave the cell empty."


def test_braces_in_data_survive_the_whole_way_into_an_error():
    error = InputError([Problem(code="not_a_date", source="{x}.csv", column="{y}", values={"value": "{z!r:>9}"})])
    assert error.text("en").startswith("{x}.csv: 1 problem. Column '{y}': '{z!r:>9}' is not a date;")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_setting_that_can_be_wrong_has_words(tmp_path, lang):
    (tmp_path / "retro.toml").write_text("".join(f"{key} = -1\n" for key in SETTINGS), encoding="utf-8")
    _, problems = read_settings(tmp_path)
    assert len([problem.line(lang) for problem in problems]) == len(SETTINGS)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.TEXT, Kind.ID}))
def test_every_kind_of_cell_that_can_be_wrong_has_words(kind, lang):
    _, problems = convert(pd.Series(["?"], index=[2]), Column(name="c", kind=kind, choices=("Y", "N")), "t.csv")
    assert "?" in problems[0].line(lang)


@pytest.mark.parametrize(("n", "text"), [(1, "1 problem; nothing was written"), (2, "2 problems; nothing was written")])
def test_a_number_chooses_the_form(n, text):
    assert say("cli.refused", "en", n=n) == text


def test_an_unknown_key_is_refused():
    with pytest.raises(KeyError, match=r"^'goals\.nothing\.other'$"):
        say("goals.nothing", "en")


def test_an_unknown_language_is_refused():
    with pytest.raises(KeyError, match=r"^'fr'$"):
        say("goals.details", "fr")


@pytest.mark.parametrize(
    ("parts", "lang", "text"),
    [
        ([], "en", ""),
        (["a"], "en", "a"),
        (["a", "b"], "en", "a and b"),
        (["a", "b", "c"], "zh-CN", "a、b 和 c"),
        (["渠道", "设备"], "zh-CN", "渠道和设备"),
        (["1 个赚钱", "1 个亏损"], "zh-CN", "1 个赚钱和 1 个亏损"),
        (["GMV", "订单"], "zh-CN", "GMV 和订单"),
    ],
)
def test_a_list_is_joined_as_people_do(parts, lang, text):
    assert join_list(parts, lang) == text


@pytest.mark.parametrize(
    ("names", "text"), [("GMV", "GMV"), ({"zh-CN": "成交额", "en": "GMV"}, "GMV"), ({"zh-CN": "成交额"}, "成交额")]
)
def test_a_name_falls_back_to_the_language_it_has(names, text):
    assert pick(names, "en") == text
