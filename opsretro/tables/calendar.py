"""The working calendar: which days are worked, public holidays and make-up workdays included."""

from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
import pandas as pd


class CalendarEnds(Exception):
    """The built-in calendar does not reach the day that was asked for."""


@dataclass(frozen=True, kw_only=True)
class WorkingCalendar:
    """The kind of every day of a span.

    Attributes:
        days: One row a day. date (datetime64); day_type (str): workday, weekend, holiday or makeup_workday; event (str,
            empty = none): a campaign of the team's own calendar, whose days are a kind of their own.
        known_until: Last day whose holidays are known, ISO; empty = all of them, or none were asked for. Later days are
            plain weekdays.
    """

    days: pd.DataFrame
    known_until: str = ""


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
    days = _span(start, end)
    return pd.DataFrame({"date": pd.to_datetime(days), "day_type": pd.Series([_day_type(d) for d in days], dtype=str)})


def working_calendar(start: date, end: date, *, country: str = "", own: pd.DataFrame | None = None) -> WorkingCalendar:
    """The kind of every day, from the team's own calendar where it has the day, else from the country's.

    Args:
        start: First day.
        end: Last day.
        country: ISO 3166 code, ``CN`` from the notices of its State Council, others from the holidays package; empty =
            weekends only.
        own: A calendar of the team's own, date, day_type and optionally event.

    Example:
        >>> found = working_calendar(date(2026, 7, 3), date(2026, 7, 5), country="US")
        >>> found.days["day_type"].tolist(), found.known_until
        (['holiday', 'holiday', 'weekend'], '')
        >>> working_calendar(date(2035, 1, 1), date(2035, 1, 1), country="CN").known_until <= "2034-12-31"
        True
    """
    days = _span(start, end)
    kinds = {day: "weekend" if day.weekday() >= 5 else "workday" for day in days}
    reach = None
    if country == "CN":
        reach = date(max(day.year for day in chinese_calendar.holidays), 12, 31)
        first = date(min(day.year for day in chinese_calendar.holidays), 1, 1)
        kinds |= {day: _day_type(day) for day in days if first <= day <= reach}
    elif country:
        kinds |= _elsewhere(days, country)
    if own is not None:
        kinds |= {day: kind for day, kind in zip(own["date"].dt.date, own["day_type"], strict=True) if day in kinds}
        reach = max(own["date"].max().date(), reach or date.min) if reach or not country else None
    frame = pd.DataFrame({"date": pd.to_datetime(days), "day_type": pd.Series(list(kinds.values()), dtype=str)})
    events = {} if own is None or "event" not in own else own.dropna(subset="event").set_index("date")["event"]
    frame["event"] = pd.Series([str(events.get(day, "")) for day in frame["date"]], dtype=str)
    return WorkingCalendar(days=frame, known_until=str(reach) if reach is not None and reach < end else "")


def is_country(code: str) -> bool:
    """Whether a working calendar of the country is known.

    Example:
        >>> is_country("CN"), is_country("DE"), is_country("Germany")
        (True, True, False)
    """
    from holidays import list_supported_countries  # loads a file a country: only when somebody asks

    return code == "CN" or code in list_supported_countries(include_aliases=False)


def _span(start: date, end: date) -> list[date]:
    return [start + timedelta(days=i) for i in range((end - start).days + 1)]


def _elsewhere(days: list[date], country: str) -> dict[date, str]:
    from holidays import country_holidays

    known = country_holidays(country, years=range(days[0].year, days[-1].year + 1))
    kinds = {day: "weekend" if day.weekday() in known.weekend else "workday" for day in days}
    kinds |= {day: "makeup_workday" for day in days if day in known.weekend_workdays}
    return kinds | {day: "holiday" for day in days if day in known}


def _day_type(day: date) -> str:
    """Kind of one day in mainland China."""
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
