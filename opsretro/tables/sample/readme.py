"""The sample workspace's README: the planted truths, formatted from the constants they were planted with."""

from pathlib import Path

import pandas as pd

from opsretro.tables.sample import campaigns, numbers, recall, story


def readme(seed: int, truth: pd.DataFrame) -> str:
    """Text of the workspace's README.md.

    Args:
        seed: Seed of the workspace.
        truth: What each activity truly caused; see `campaigns.Campaigns`.

    Returns:
        Markdown.
    """
    template = (Path(__file__).parent / "static" / "README.md").read_text(encoding="utf-8")
    return template.format(seed=seed, activities=_activity_rows(truth), **_metric_truths(), **_other_truths())


def _metric_truths() -> dict[str, object]:
    """What is planted in metrics.csv."""
    leaf = numbers.leaves()
    usual_orders = leaf["share"] * leaf["conversion"]
    bug_share = float(usual_orders[leaf["bug"]].sum() / usual_orders.sum())
    return {
        "bug_start": story.BUG_START,
        "bug_slice": ", ".join(f"`{name}={value}`" for name, value in story.BUG_SLICE.items()),
        "bug_left": story.BUG_CONVERSION_LEFT,
        "bug_share": bug_share,
        "bug_fall": bug_share * (1.0 - story.BUG_CONVERSION_LEFT),
        "incident_day": story.INCIDENT_DAY,
        "incident_left": story.INCIDENT_ORDERS_LEFT,
        "growth": story.GROWTH_A_YEAR,
        "service_start": story.SERVICE_START,
        "service_before": story.SERVICE_BEFORE,
        "service_after": story.SERVICE_AFTER,
        "reads": story.READS_PER_ARTICLE,
        "refund_rate": story.REFUND_RATE,
        "discount_share": story.DISCOUNT_SHARE,
        "followers": story.FOLLOWERS_2026,
        "followers_a_day": story.FOLLOWERS_A_DAY[1],
    }


def _other_truths() -> dict[str, object]:
    """What is planted in the other tables, and the window of the sample."""
    return {
        "start": story.START,
        "end": story.END,
        "people": sum(story.GROUPS.values()),
        "workload_month": story.WORKLOAD_MONTH,
        "workload_group": story.WORKLOAD_GROUP,
        "workload_fall": story.WORKLOAD_FALL,
        "overtime_usual": story.OVERTIME_USUAL,
        "overtime_worse": story.OVERTIME_WORSE,
        "understated": campaigns.UNDERSTATED,
        "understated_share": campaigns.UNDERSTATED_SHARE,
        "recall": recall.ACTIVITY,
        "buy": recall.BUY,
        "extra": recall.EXTRA,
    }


def _activity_rows(truth: pd.DataFrame) -> str:
    """One table row an activity."""
    rows = []
    for row in truth.to_dict("records"):
        lift = story.LIFTS[row["activity_id"]]
        rows.append(
            f"| `{row['activity_id']}` | {lift.window:+.1%} | {lift.after:+.1%} | {row['incremental_cny']:.0f} "
            f"| {row['accrual_cost_cny']:.0f} | {row['attributed_roi']:+.0%} | {row['roi']:+.0%} |"
        )
    return "\n".join(rows)
