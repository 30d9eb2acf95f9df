"""The working calendar of mainland China: which days are worked, public holidays included."""

from datetime import date, timedelta

import chinese_calendar
import numpy as np
import pandas as pd


class CalendarEnds(Exception):
    """The built-in calendar does not reach the day that was asked for."""


def calendar_days(start: date, end: date) -> pd.DataFrame:
    """Kind of every day from start to end, both included, in mainland China.

    A statutory holiday is a holiday on whatever weekday it falls; a Saturday or Sunday that is worked in exchange for
    one is a make-up workday.

    Args:
        start: First day.
        end: Last day.

    Returns:
        One row a day. date (datetime64); day_type (str): workday, weekend, holiday or makeup_workday.

    Raises:
        CalendarEnds: A day lies outside the years the State Council's notices cover; names the last covered year.

    Source:
        The State Council's yearly holiday notices, as kept by the chinese_calendar package.

    Example:
        >>> calendar_days(date(2026, 2, 17), date(2026, 2, 17))["day_type"].item()
        'holiday'
    """
    days = [start + timedelta(days=i) for i in range((end - start).days + 1)]
    return pd.DataFrame({"date": pd.to_datetime(days), "day_type": pd.Series([_day_type(d) for d in days], dtype=str)})


def _day_type(day: date) -> str:
    """Kind of one day."""
    try:
        off, holiday = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError as error:
        years = sorted({d.year for d in chinese_calendar.holidays})
        raise CalendarEnds(
            f"The built-in calendar covers {years[0]} to {years[-1]}, not {day.year}; "
            "update the chinesecalendar package or name a calendar file."
        ) from error
    weekend = day.weekday() >= 5
    if off:
        return "holiday" if holiday else "weekend"
    return "makeup_workday" if weekend else "workday"


def working_days(month: str, *, country: str = "", own: pd.DataFrame | None = None) -> int:
    """Working days of a month outside weekends; a team may or may not work on make-up days, so they do not count.

    Args:
        month: ``2026-10``.
        country: ISO 3166 code; ``CN`` is built in, elsewhere Monday to Friday are taken.
        own: A calendar of the team's own, date and day_type; it replaces the built-in one in the months it holds.

    Example:
        >>> working_days("2026-10", country="CN"), working_days("2026-10")
        (17, 22)
    """
    first = pd.Timestamp(f"{month}-01")
    last = first + pd.offsets.MonthEnd()
    if own is not None and own["date"].between(first, last).sum() == last.day:
        return int((own["date"].between(first, last) & (own["day_type"] == "workday")).sum())
    if country == "CN":
        try:
            return int((calendar_days(first.date(), last.date())["day_type"] == "workday").sum())
        except CalendarEnds:
            pass  # the built-in calendar does not reach this year: Monday to Friday are the best guess
    return int(np.busday_count(first.date(), (last + pd.Timedelta(days=1)).date()))
