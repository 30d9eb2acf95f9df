"""From raw rows to months: duplicates, late rows, local midnight, units, ratios from their parts."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Aggregation, is_percent
from opsretro.errors import InputError, Problem, as_code, collecting
from opsretro.tables.period import Period, add_months

COLUMNS = ("value", "coverage", "num", "den", "n_days", "n_rows")


def known_rows(facts: pd.DataFrame, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
    """The rows that exist at a moment: late ones not yet, restated ones in their newest form.

    Args:
        facts: Rows with optional columns row_id (unique within its kpi, where there is a column kpi) and loaded_at
            (UTC; missing = always known).
        as_of: Rows loaded after it do not exist; None = the newest loaded_at.

    Returns:
        Rows in their order; of rows with one row_id the newest loaded_at (the later row when equal). Rows without a
        row_id are all kept.
    """
    if "loaded_at" in facts and as_of is not None:
        facts = facts[~(facts["loaded_at"] > as_of)]
    if "row_id" not in facts:
        return facts
    ids = facts["row_id"].mask(facts["row_id"] == "")
    named = pd.DataFrame({"row_id": ids.to_numpy(), "place": np.arange(len(facts))})
    named["kpi"] = facts["kpi"].to_numpy() if "kpi" in facts else ""
    named, key = named.dropna(subset="row_id"), ["kpi", "row_id"]
    if not named.duplicated(key).any():
        return facts
    if "loaded_at" in facts:
        loaded = facts["loaded_at"].iloc[named["place"]].to_numpy()
        named = named.assign(loaded_at=loaded).sort_values("loaded_at", kind="stable", na_position="first")
    keep = ids.isna().to_numpy(copy=True)
    keep[named.drop_duplicates(key, keep="last")["place"]] = True
    return facts[keep]


def local_dates(facts: pd.DataFrame, timezone: str) -> pd.Series:
    """The local calendar day of every row, from `date` or from `ts_utc` (UTC when it names no zone)."""
    if "ts_utc" in facts:
        stamps = pd.to_datetime(facts["ts_utc"], utc=True, format="ISO8601")
        return stamps.dt.tz_convert(timezone).dt.tz_localize(None).dt.normalize()
    dates = facts["date"].astype(str) if pd.api.types.is_integer_dtype(facts["date"].dtype) else facts["date"]
    return pd.to_datetime(dates).dt.normalize()


def known_by(facts: pd.DataFrame, as_of: str | None, timezone: str) -> tuple[pd.DataFrame, pd.Timestamp | None]:
    """The rows that are known by a day or a moment, each with its local day, and that moment.

    Args:
        facts: As `known_rows`; may be empty.
        as_of: As `as_moment`; rows of later days are left out, too. None = the newest loaded_at.
        timezone: IANA name.

    Returns:
        The rows, and the moment; None where nothing tells it.

    Raises:
        InputError: Neither a day nor a moment.
    """
    newest = facts["loaded_at"].max() if "loaded_at" in facts else pd.NaT
    moment = as_moment(as_of, timezone) if as_of is not None else None if pd.isna(newest) else newest
    if facts.empty:
        return facts, moment
    known = known_rows(facts, as_of=moment)
    known = known.assign(date=local_dates(known, timezone))
    if as_of is not None and moment is not None:
        known = known[known["date"] <= str(moment.tz_convert(timezone).date())]
    return known, moment


def is_filling(facts: pd.DataFrame, moment: pd.Timestamp | None, timezone: str) -> bool:
    """Whether the newest day of some rows was not over at the moment they were loaded.

    Args:
        facts: Rows with their local day in date.
        moment: See `known_by`; None = nobody knows, so it was over.
        timezone: IANA name.
    """
    if moment is None or facts.empty:
        return False
    return as_moment(facts["date"].max().date(), timezone) > moment.floor("us")


def aggregate(
    facts: pd.DataFrame,
    *,
    aggregation: Aggregation | str,
    timezone: str,
    as_of: pd.Timestamp | date | str | None = None,
) -> pd.DataFrame:
    """The value of every month and how much of the month stands behind it.

    Args:
        facts: Raw rows of one KPI: ``ts_utc`` (or ``date``), ``value`` or ``num`` and ``den``, and optionally ``unit``
            (percent: values are divided by 100), ``row_id``, ``loaded_at``.
        aggregation: ``sum``; ``mean`` of rows; ``last`` = sum of the rows at the newest time; ``ratio`` = sum of num
            over sum of den; ``mean_rate`` = mean of rows as fractions, only where no parts exist.
        timezone: IANA name; a month begins at its midnight.
        as_of: A moment, or a day (``"2026-05-02"``: the whole local day); rows loaded later do not exist; None = all
            exist.

    Returns:
        Indexed by month (``"2026-04"``), first to last without gaps. value (NaN = missing), coverage (share of the
        month's days that have rows, 0–1), num, den, n_days, n_rows. Rates are fractions.

    Raises:
        InputError: The aggregation, the timezone, as_of or a cell cannot be understood, a value is infinite, or a
            column it needs is absent; names all of it.

    Example:
        >>> facts = pd.DataFrame({"ts_utc": ["2026-03-31T17:00Z"], "num": [3.0], "den": [4.0]})
        >>> float(aggregate(facts, aggregation="ratio", timezone="Asia/Shanghai").loc["2026-04", "value"])
        0.75
    """
    how = _checked(facts, aggregation, timezone)
    facts = known_rows(_typed(facts, how), as_of=None if as_of is None else as_moment(as_of, timezone))
    facts = facts.assign(_day=local_dates(facts, timezone), _value=_fractions(facts))
    parts = ["num", "den"] if how is Aggregation.RATIO else ["_value"]
    facts = facts.dropna(subset=[*parts, "_day"])
    if facts.empty:
        return pd.DataFrame(columns=COLUMNS, dtype=float, index=pd.Index([], dtype="str", name="month"))
    facts = facts.assign(_month=facts["_day"].dt.to_period("M"))
    by_month = facts.groupby("_month", sort=True)
    table = pd.DataFrame({"value": _values(facts, by_month, how), "n_days": by_month["_day"].nunique()})
    table["n_rows"] = by_month.size()
    for part in ("num", "den"):
        table[part] = by_month[part].sum() if how is Aggregation.RATIO else np.nan
    return _every_month(table.set_axis(table.index.astype("str")))


def _values(facts: pd.DataFrame, by_month: pd.api.typing.DataFrameGroupBy, how: Aggregation) -> pd.Series:
    if how is Aggregation.RATIO:
        den = by_month["den"].sum()
        return by_month["num"].sum() / den.where(den != 0)
    if how is Aggregation.SUM:
        return by_month["_value"].sum()
    if how is Aggregation.LAST:
        when = facts["ts_utc"] if "ts_utc" in facts else facts["_day"]
        newest = when == when.groupby(facts["_month"]).transform("max")
        return facts[newest].groupby("_month")["_value"].sum()
    return by_month["_value"].mean()


def _typed(facts: pd.DataFrame, how: Aggregation) -> pd.DataFrame:
    """The columns a method needs as what they hold, or every cell that is none."""
    names = ("num", "den") if how is Aggregation.RATIO else ("value",)
    moments = [name for name in ("ts_utc", "loaded_at") if name in facts]
    moments += ["date"] if "ts_utc" not in facts else []
    typed: dict[str, pd.Series] = {name: pd.to_numeric(facts[name], errors="coerce") for name in names}
    typed |= {name: _moments(facts[name], utc=name != "date") for name in moments}
    problems = []
    for name, column in typed.items():
        kind = "not_a_number" if name in names else "not_a_date"
        wrong = facts.loc[column.isna() & facts[name].notna(), name].astype(str).unique()[:5]
        problems += [Problem(code=kind, source="facts", column=name, values={"value": value}) for value in wrong]
    problems += [Problem(code="infinite", source="facts", column=name) for name in names if np.isinf(typed[name]).any()]
    if problems:
        raise InputError(problems)
    return facts.assign(**typed)


def _moments(cells: pd.Series, *, utc: bool) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(cells.dtype) and (not utc or isinstance(cells.dtype, pd.DatetimeTZDtype)):
        return cells
    texts = cells.astype(str) if pd.api.types.is_integer_dtype(cells.dtype) else cells
    return pd.to_datetime(texts, utc=utc, errors="coerce", format="ISO8601" if utc else "mixed")


def as_moment(as_of: pd.Timestamp | date | str, timezone: str) -> pd.Timestamp:
    """The last moment of a day, or a moment itself, in UTC.

    Args:
        as_of: ``"2026-11-02"`` (the whole local day), or a moment, in UTC when it names no zone.
        timezone: IANA name.

    Raises:
        InputError: Neither a day nor a moment.

    Example:
        >>> as_moment("2026-11-02", "Asia/Shanghai").isoformat()
        '2026-11-02T15:59:59.999999+00:00'
    """
    try:
        stamp = pd.Timestamp(as_of)
    except ValueError:
        raise InputError([Problem(code="not_a_moment", source="as_of", values={"value": str(as_of)})]) from None
    whole_day = ":" not in as_of if isinstance(as_of, str) else not isinstance(as_of, datetime)
    if whole_day:
        stamp = (stamp + pd.Timedelta(days=1)).tz_localize(timezone) - pd.Timedelta("1us")
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def _checked(facts: pd.DataFrame, aggregation: Aggregation | str, timezone: str) -> Aggregation:
    problems: list[Problem] = []
    how = Aggregation.SUM
    with collecting(problems):
        how = as_code(Aggregation, aggregation, "aggregation")
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        problems.append(Problem(code="setting_timezone", source="timezone", values={"value": timezone}))
    needed = [("ts_utc", "date"), *((("num",), ("den",)) if how is Aggregation.RATIO else (("value",),))]
    problems += [
        Problem(code="column_choice", source="facts", values={"choice": " / ".join(choice)})
        for choice in needed
        if not set(choice) & set(facts.columns)
    ]
    if problems:
        raise InputError(problems)
    return how


def _fractions(facts: pd.DataFrame) -> pd.Series:
    if "value" not in facts:
        return pd.Series(np.nan, index=facts.index)
    values = facts["value"].astype("float64")
    if "unit" not in facts:
        return values
    percent = [unit for unit in facts["unit"].dropna().unique() if is_percent(str(unit))]
    return values.where(~facts["unit"].isin(percent), values / 100)


def _every_month(table: pd.DataFrame) -> pd.DataFrame:
    months = [table.index[0]]
    while months[-1] < table.index[-1]:
        months.append(add_months(months[-1], 1))
    table = table.reindex(pd.Index(months, name="month", dtype="str"))
    counts = ["n_days", "n_rows"]
    table[counts] = table[counts].fillna(0).astype(int)
    days = pd.PeriodIndex(table.index, freq="M").days_in_month
    table["coverage"] = table["n_days"] / days
    return table[list(COLUMNS)]


def rows_by_kpi(metrics: pd.DataFrame, period: Period) -> pd.DataFrame:
    """What metrics holds of a period: one row a KPI with rows, days, first_day, last_day."""
    if metrics.empty:
        return pd.DataFrame(columns=["rows", "days", "first_day", "last_day"])
    inside = metrics[metrics["date"].between(pd.Timestamp(period.start), pd.Timestamp(period.end))]
    by_kpi = inside.groupby("kpi")["date"]
    table = pd.DataFrame({"rows": by_kpi.size(), "days": by_kpi.nunique()})
    table["first_day"], table["last_day"] = by_kpi.min().dt.date, by_kpi.max().dt.date
    return table
