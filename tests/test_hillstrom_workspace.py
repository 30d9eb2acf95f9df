"""The 64,000 customers of the MineThatData e-mail challenge as a workspace; OPSRETRO_HILLSTROM names the csv."""

import pandas as pd
import pytest
from hillstrom import END, START, customers, needs_hillstrom, users_and_orders

from opsretro import open_workspace

pytestmark = needs_hillstrom
ARMS = ("Mens", "Womens")
SPEND_A_HEAD = {"Mens": 1.4226 - 0.6528, "Womens": 1.0772 - 0.6528}
"""Differences of the arms' mean spend, 1.42 / 0.65 / 1.08, as published for the challenge, with two digits more."""


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    folder, table = tmp_path_factory.mktemp("hillstrom"), customers()
    rows = [
        {
            "activity_id": arm,
            "name": f"{arm} e-mail",
            "type": "e-mail",
            "owner": "crm-1",
            "start_date": START,
            "end_date": END,
        }
        | {"budget": 700.0, "actual_cost": 700.0, "expected_roi": 1.0, "margin_rate": 0.5, "holdout": "Y"}
        for arm in ARMS
    ]
    pd.DataFrame(rows).to_csv(folder / "activities.csv", index=False)
    parts = {arm: users_and_orders(table, arm) for arm in ARMS}
    users = pd.concat(users.assign(activity_id=arm) for arm, (users, _) in parts.items())
    users.to_csv(folder / "users.csv", index=False)
    orders = pd.concat(orders for _, orders in parts.values()).drop_duplicates("order_id")
    orders.to_csv(folder / "orders.csv", index=False)
    (folder / "retro.toml").write_text('locale = "en"\ncurrency = "USD"\n', encoding="utf-8")
    return open_workspace(folder).activity_roi("2008-03")


def test_both_arms_rest_on_the_strongest_evidence(review):
    assert review.activities["grade"].tolist() == ["A", "A"]


@pytest.mark.parametrize("arm", ARMS)
def test_incremental_spend_for_1000_e_mails(review, arm):
    row = review.activity(arm)
    sent = int((customers()["segment"] == f"{arm} E-Mail").sum())
    per_1000 = {end: row[end] / sent * 1000 for end in ("incremental", "lower", "upper")}
    print(f"{arm}: {per_1000['incremental']:.0f} for 1,000 e-mails, {per_1000['lower']:.0f} to {per_1000['upper']:.0f}")
    assert per_1000["incremental"] == pytest.approx(SPEND_A_HEAD[arm] * 1000, rel=0.05)
    assert 0 < per_1000["lower"] < per_1000["incremental"] < per_1000["upper"]


def test_a_few_large_orders_decide_the_spend(review):
    assert ["heavy_tail" in row["warnings"] for _, row in review.activities.iterrows()] == [False, False]


def test_the_page_tells_both(review):
    assert "Mens e-mail" in review._view().section()
    assert review.headline == "2 activities ran this month: 2 paid for themselves."
