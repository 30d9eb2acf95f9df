"""What an activity cost."""

from __future__ import annotations

import pandas as pd

from opsretro.errors import InputError, Problem
from opsretro.tables.checks import number_problems, one_currency


def accrued_cost(ledger: pd.DataFrame) -> pd.Series:
    """What each activity cost: everything it used, whenever the invoice is booked.

    Args:
        ledger: activity_id, item, service_date, booked_date, amount (one currency; a credit note is negative).

    Returns:
        amount by activity_id, in the order of the ids.

    Raises:
        InputError: A column is absent, an amount is missing or infinite, or amounts are in several currencies.

    Example:
        >>> ledger = pd.DataFrame({"activity_id": ["a", "a"], "amount": [300.0, 200.0]})
        >>> accrued_cost(ledger).to_dict()
        {'a': 500.0}
    """
    absent = [name for name in ("activity_id", "amount") if name not in ledger]
    problems = [Problem(code="column_missing", source="cost_ledger.csv", values={"column": name}) for name in absent]
    if not absent:
        problems += [*number_problems(ledger, "amount", "cost_ledger.csv", filled=True)]
        problems += one_currency({"cost_ledger": ledger})
    if problems:
        raise InputError(problems)
    return ledger["amount"].astype("float64").groupby(ledger["activity_id"].astype("str")).sum()
