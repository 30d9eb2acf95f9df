"""The columns a look back takes over from the sections of a month."""

from __future__ import annotations

GOAL_CODES = ("unit", "direction", "aggregation", "status", "reason", "variation", "side")
GOAL = ("goal_id", "kpi", "dimension", "name", *GOAL_CODES)
GOAL_NUMBERS = ("actual", "target", "low", "high", "attainment", "mean", "lower", "upper")
ACTIVITY = ("activity_id", "name", "type", "start", "end", "verdict", "grade", "refused")
ACTIVITY_NUMBERS = ("cost", "attributed_roi", "profit", "profit_lower", "profit_upper", "roi", "roi_lower", "roi_upper")
TYPE = ("type", "verdict")
TYPE_NUMBERS = ("n", "cost", "roi", "roi_lower", "roi_upper")
ACTION = ("id", "title_zh", "title_en", "due", "status", "created_in", "metric", "unit", "verdict", "reason")
ACTION_NUMBERS = ("effect", "lower", "upper", "overdue_days", "carry_count")
CAUSE = ("subject", "effect")
CAUSE_NUMBERS = ("rank", "change", "lower", "upper", "share", "share_lower", "share_upper")
HEALTH = ("group", "dimension", "verdict")
