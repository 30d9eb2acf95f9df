"""The recap of one activity in the order of the retro: goal, result, analysis, what to keep, stop and start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.report import numbers

if TYPE_CHECKING:
    from opsretro.report.roi_text import RoiText

RATES = ("participation", "redemption", "subsidy_rate")


def aims(text: RoiText, row: pd.Series) -> list[tuple[str, str]]:
    """What was planned, as label and value."""
    funnel = text.review.funnel
    plan = funnel[(funnel["activity_id"] == row["activity_id"]) & (funnel["stage"] == "gmv")]["plan"]
    return _known(
        text,
        {
            "budget": text.money(row["budget"]),
            "expected_roi": text.rate(row["expected_roi"], signed=True),
            "planned_gmv": text.money(float(plan.iloc[0])) if len(plan) else text.missing(),
            "window": text.word(
                "range_days", start=numbers.day(row["start"], text.lang), end=numbers.day(row["end"], text.lang)
            ),
            "segment": text.called(row["segment"]),
        },
    )


def results(text: RoiText, row: pd.Series) -> list[tuple[str, str]]:
    """What it cost, caused and earned, as label and value."""
    money, rate, stands = text.money, text.rate, text.standing(row)
    days = stands["payback_days"]
    return _known(
        text,
        {
            "cost": _with_budget(text, row),
            "attributed": _with_roi(text, money(row["attributed"]), rate(row["attributed_roi"], signed=True)),
            "incremental": _spanned(text, row, "incremental", "lower", "upper", is_money=True),
            "lift": _spanned(text, row, "lift", "lift_lower", "lift_upper"),
            "profit": _spanned(text, stands, "profit", "profit_lower", "profit_upper", is_money=True),
            "roi": _spanned(text, stands, "roi", "roi_lower", "roi_upper"),
            "chance": text.missing()
            if math.isnan(stands["probability"])
            else numbers.chance(stands["probability"], text.lang),
            "after": _after(text, row),
            "winsorised": _spanned(text, row, "winsorised", "winsorised_lower", "winsorised_upper", is_money=True),
            "gmv_per_cost": text.times(row["gmv_per_cost"]),
            "completion": rate(row["completion"]),
            "break_even": money(row["break_even"]),
            "payback": text.missing() if math.isnan(days) else text.word("days", n=int(days)),
        },
    )


def _known(text: RoiText, pairs: dict[str, str]) -> list[tuple[str, str]]:
    """Labels and values, those that are not known left out."""
    return [(text.word(f"label.{key}"), value) for key, value in pairs.items() if text.missing() not in value.split()]


def _with_roi(text: RoiText, one: str, other: str) -> str:
    return one if other == text.missing() else text.word("roi_of", one=one, other=other)


def _spanned(text: RoiText, row: pd.Series, name: str, low: str, high: str, *, is_money: bool = False) -> str:
    if math.isnan(row[name]):
        return text.missing()
    value = (text.money if is_money else text.rate)(row[name], signed=True)
    return text.word("spanned", value=value, span=text.span(row[low], row[high], money=is_money))


def _after(text: RoiText, row: pd.Series) -> str:
    if math.isnan(row["incremental_after"]):
        return text.missing()
    gained = _spanned(text, row, "incremental_after", "lower_after", "upper_after", is_money=True)
    roi = _spanned(text, row, "roi_after", "roi_after_lower", "roi_after_upper")
    return _with_roi(text, text.word("after.label", n=row["after_days"], gained=gained), roi)


def _with_budget(text: RoiText, row: pd.Series) -> str:
    cost = text.money(row["cost"])
    if math.isnan(row["over_budget"]) or not row["over_budget"]:
        return cost
    key = "over" if row["over_budget"] > 0 else "under"
    return text.word(f"budget.{key}", cost=cost, gap=text.money(abs(row["over_budget"])))


def rates(text: RoiText, row: pd.Series) -> list[tuple[str, str]]:
    """Participation, interaction, spread and the unit figures, as label and value."""
    pairs = {name: text.rate(row[name]) for name in RATES}
    pairs |= {name: text.times(row[name]) for name in ("interaction", "spread")}
    pairs |= {"aov": text.money(row["aov"]), "acquisition_cost": text.money(row["acquisition_cost"])}
    return _known(text, pairs)


def funnel(text: RoiText, name: str) -> dict[str, Any]:
    """The funnel as a table: stage, plan, actual, share of the plan, and of the stage it follows from."""
    rows = text.review.funnel[text.review.funnel["activity_id"] == name]
    columns = [text.word(f"funnel.{name}") for name in ("stage", "plan", "actual", "share", "step")]
    table = [
        [
            text.word(f"stage.{row['stage']}"),
            text.stage(row["stage"], row["plan"]),
            text.stage(row["stage"], row["actual"]),
            text.rate(row["share"]),
            text.rate(row["step"]),
        ]
        for _, row in rows.iterrows()
    ]
    return {"columns": columns, "rows": table}


def costs(text: RoiText, row: pd.Series) -> dict[str, Any]:
    """The cost by entry of the ledger, and how much of it was booked when the window closed."""
    entries = text.review.costs
    entries = entries[entries["activity_id"].isin(list(row["members"]))]
    columns = [text.word(f"cost.{name}") for name in ("item", "service", "booked", "amount")]
    table = [
        [
            text.called(entry["item"]),
            _day(text, entry["service_date"]),
            text.word("cost.late", day=_day(text, entry["booked_date"]))
            if entry["late"]
            else _day(text, entry["booked_date"]),
            text.money(entry["amount"]),
        ]
        for _, entry in entries.iterrows()
    ]
    share = row["booked_share"]
    note = "" if math.isnan(share) or share >= 1 else text.word("cost.note", share=text.rate(share))
    return {"columns": columns, "rows": table, "note": note}


def _day(text: RoiText, iso: str) -> str:
    return numbers.day(iso, text.lang) if iso else text.missing()


def prompts(text: RoiText, row: pd.Series) -> list[tuple[str, str]]:
    """Keep, stop, start: what the figures suggest to talk about; the room decides."""
    moved = text.review.split[text.review.split["activity_id"] == row["activity_id"]]
    keep = text.word("prompt.keep_any")
    stop = text.word("prompt.stop_any")
    if len(moved):
        best, worst = (moved.loc[getattr(moved["effect"], how)()] for how in ("idxmax", "idxmin"))
        if best["effect"] > 0:
            keep = text.word(
                "prompt.keep",
                factor=text.word(f"factor.{best['factor']}"),
                value=text.money(best["effect"], signed=True),
            )
        if worst["effect"] < 0:
            stop = text.word(
                "prompt.stop",
                factor=text.word(f"factor.{worst['factor']}"),
                value=text.money(worst["effect"], signed=True),
            )
    if text.kind(row) == "loss":
        stop = text.word("prompt.stop_loss", break_even=text.money(row["break_even"]))
    start = "start_holdout" if row["grade"] != "A" else "start_again"
    if row["refused"] in {"overlap", "not_separable"}:
        start = "start_apart"
    return [
        (text.word("prompt.keep_label"), keep),
        (text.word("prompt.stop_label"), stop),
        (text.word("prompt.start_label"), text.word(f"prompt.{start}")),
    ]
