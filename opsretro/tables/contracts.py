"""What each table of a workspace must look like, as data: the checks and the headers `init` writes read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    ID = "id"
    NUMBER = "number"
    SCORE = "score"
    DATE = "date"
    TIMESTAMP = "timestamp"
    MONTH = "month"
    CHOICE = "choice"
    MILESTONES = "milestones"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        name: As in the header.
        kind: What its cells hold.
        required: The header must have it.
        filled: No cell may be empty.
        unique: No value may come twice.
        choices: The values allowed, for `Kind.CHOICE`.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = True
    filled: bool = False
    unique: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One table of a workspace.

    Attributes:
        name: Table name; its file is ``<name>.csv`` unless ``[sources]`` says otherwise.
        columns: Known columns in the order `init` writes them; further columns are dimensions and stay text.
        any_of: Each entry is a choice of column groups; the header must have one group of it in full.
    """

    name: str
    columns: tuple[Column, ...]
    any_of: tuple[tuple[tuple[str, ...], ...], ...] = ()


def _id(name: str, *, unique: bool = False) -> Column:
    return Column(name=name, kind=Kind.ID, filled=True, unique=unique)


def _texts(*names: str, required: bool = True) -> tuple[Column, ...]:
    return tuple(Column(name=name, required=required) for name in names)


def _numbers(*names: str, required: bool = True, filled: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name=name, kind=Kind.NUMBER, required=required, filled=filled) for name in names)


def _date(name: str, *, required: bool = True, filled: bool = True) -> Column:
    return Column(name=name, kind=Kind.DATE, required=required, filled=filled)


def _choice(name: str, *choices: str, required: bool = True) -> Column:
    return Column(name=name, kind=Kind.CHOICE, required=required, filled=required, choices=choices)


def _month(name: str) -> Column:
    return Column(name=name, kind=Kind.MONTH, filled=True)


_CONTRACTS = (
    Contract(
        name="goals",
        columns=(
            _id("goal_id", unique=True),
            *_texts("name", "statement"),
            _id("kpi"),
            *_texts("owner"),
            _choice("direction", "higher", "lower", "range"),
            *_texts("unit"),
            *_numbers("baseline", "target", "target_growth", "low", "high", required=False),
            Column(name="milestones", kind=Kind.MILESTONES, required=False),
            *_numbers("weight"),
            _date("start", filled=False),
            _date("deadline", filled=False),
            _choice("aggregation", "sum", "mean", "last", "ratio", "mean_rate"),
            *_texts("numerator", "denominator", required=False),
            *_texts("source"),
            *_texts("dimension", required=False),
        ),
        any_of=((("target",), ("target_growth",), ("low", "high")),),
    ),
    Contract(
        name="metrics",
        columns=(
            _date("date", required=False),
            Column(name="ts_utc", kind=Kind.TIMESTAMP, required=False, filled=True),
            _id("kpi"),
            *_numbers("value", "numerator", "denominator", required=False),
            *_texts("row_id", required=False),
            Column(name="loaded_at", kind=Kind.TIMESTAMP, required=False),
        ),
        any_of=((("date",), ("ts_utc",)), (("value",), ("numerator", "denominator"))),
    ),
    Contract(
        name="events",
        columns=(_date("date"), _date("end_date", required=False, filled=False), *_texts("kind", "title")),
    ),
    Contract(
        name="assessments",
        columns=(
            _month("month"),
            _choice("assessor", "supervisor", "peer", "self"),
            Column(name="score", kind=Kind.SCORE, filled=True),
        ),
    ),
    Contract(
        name="activities",
        columns=(
            _id("activity_id", unique=True),
            *_texts("name", "type", "owner"),
            _date("start_date"),
            _date("end_date"),
            *_numbers("budget", "actual_cost", "expected_roi", "margin_rate"),
            *_numbers("attributed_revenue", required=False),
            *_texts("target_segment", required=False),
            _choice("holdout", "Y", "N", required=False),
        ),
    ),
    Contract(
        name="daily_metrics",
        columns=(
            _date("date"),
            _id("segment"),
            *_numbers("revenue"),
            *_numbers("orders", "active_users", required=False),
        ),
    ),
    Contract(
        name="cost_ledger",
        columns=(
            _id("activity_id"),
            *_texts("item"),
            _date("service_date"),
            _date("booked_date", filled=False),
            *_numbers("amount", filled=True),
        ),
    ),
    Contract(
        name="funnel",
        columns=(
            _id("activity_id"),
            _choice("version", "plan", "actual"),
            *_numbers("reach", "clicks", "orders", "gmv", "gross_profit", "cost"),
            *_numbers("coupons_issued", "coupons_redeemed", "subsidy", "new_customers", required=False),
            *_numbers("participants", "interactions", "shares", required=False),
        ),
    ),
    Contract(
        name="users",
        columns=(
            _id("activity_id"),
            _id("user_id"),
            _choice("group", "treat", "holdout"),
            *_numbers("pre_revenue", required=False),
        ),
    ),
    Contract(
        name="orders",
        columns=(
            _id("order_id"),
            _id("user_id"),
            _date("order_date"),
            *_numbers("gross_amount", filled=True),
            _choice("kind", "order", "refund"),
        ),
    ),
    Contract(
        name="workload",
        columns=(
            _month("month"),
            _id("group"),
            *_numbers("headcount", "contracted_hours", "worked_hours"),
            *_numbers("training_hours", "leave_days", required=False),
        ),
    ),
)

CONTRACTS = {contract.name: contract for contract in _CONTRACTS}

CALENDAR = Contract(
    name="calendar",
    columns=(
        Column(name="date", kind=Kind.DATE, filled=True, unique=True),
        _choice("day_type", "workday", "weekend", "holiday", "makeup_workday"),
        *_texts("event", required=False),
    ),
)
"""The team's own working calendar, read where `[calendar] file` names it."""

TEAM_SIZES = Contract(name="teams", columns=(_month("month"), _id("group"), *_numbers("headcount", filled=True)))
"""How many people were asked in the survey, of each group and month."""

FORMS = {"survey": "survey", "actions": "actions.yaml", "causes": "causes.yaml"}
FORMS |= {"lessons": "lessons.yaml", "readings": "readings.jsonl", "meetings": "meetings"}
"""Inputs that are no plain tables, and the file or folder that holds them."""
