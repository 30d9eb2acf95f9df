"""Real randomised e-mails: the MineThatData e-mail challenge of 2008, 64,000 customers in three arms (Hillstrom)."""

from __future__ import annotations

import os

import pandas as pd
import pytest

VARIABLE = "OPSRETRO_HILLSTROM"
"""Names the csv of the challenge; it is public but not shipped here."""
START, END = "2008-03-01", "2008-03-14"
"""The challenge counts two weeks after the e-mail and gives no dates."""

needs_hillstrom = pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} does not name hillstrom.csv")


def customers() -> pd.DataFrame:
    """One row a customer: segment (Mens E-Mail, Womens E-Mail, No E-Mail), history, visit, conversion, spend."""
    return pd.read_csv(os.environ[VARIABLE])


def users_and_orders(table: pd.DataFrame, arm: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One arm beside the customers without an e-mail: users with history as pre_revenue, an order a spender.

    Args:
        table: Of `customers`.
        arm: ``Mens`` or ``Womens``.
    """
    compared = table[table["segment"].isin([f"{arm} E-Mail", "No E-Mail"])]
    group = compared["segment"].map({f"{arm} E-Mail": "treat", "No E-Mail": "holdout"})
    ids = "c" + compared.index.astype("str")
    users = pd.DataFrame(
        {"user_id": ids, "group": group.to_numpy(), "pre_revenue": compared["history"].to_numpy(dtype=float)}
    )
    spenders = (compared["spend"] > 0).to_numpy()
    orders = pd.DataFrame(
        {
            "order_id": "o" + ids[spenders].astype("str"),
            "user_id": ids[spenders],
            "order_date": START,
            "gross_amount": compared["spend"].to_numpy(dtype=float)[spenders],
            "kind": "order",
        }
    )
    return users, orders
