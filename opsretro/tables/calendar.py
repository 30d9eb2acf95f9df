"""The working calendar of mainland China: which days are worked, public holidays included."""

from datetime import date, timedelta

import chinese_calendar
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
