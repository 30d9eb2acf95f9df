"""Many teams in one month: what each has published, counted; nothing is added up that teams do not share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsretro.analysis.follow_codes import Reason
from opsretro.analysis.result import plain
from opsretro.analysis.roi_published import KINDS, kind_of, standing
from opsretro.tables.actions import OPEN

SCHEMA = 1
CHANGES = ("up", "down", "steady", "cannot_tell")
VERDICTS = ("moved", "not_moved", "cannot_tell")
MONEY = ("profit", "loss", "unclear")
SIGNALS = {"worse": "worse", "better": "better", "": "sideless"}
"""Count by which way a KPI moved beyond its usual range; of a range neither way is better."""
GOALS = ("met", "missed", "no_data")


@dataclass(frozen=True, kw_only=True)
class TeamMonth:
    """What one team has published of a month.

    Attributes:
        name: Its folder.
        title: Its name by language.
        state: ``published``, ``partly`` (some section failed), ``refused`` (its input), ``failed`` (nothing could be
            written) or ``kept`` (every section failed).
        why: What went wrong, one line each, by language.
        as_of: Day its data is of, ISO.
        published_at: When its page was published, by this run or an earlier one, ISO; empty = never.
        numbers: See `team_numbers`; empty = this run published nothing of it.
        seconds: Time it took.
        reused: Nothing of it had to be computed again.
    """

    name: str
    title: Mapping[str, str]
    state: str
    why: Mapping[str, Sequence[str]] = field(default_factory=dict)
    as_of: str = ""
    published_at: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    reused: bool = False


@dataclass(frozen=True, kw_only=True)
class TeamsReview:
    """A month of many teams.

    Attributes:
        period: ``2026-10``, ``2026-Q3`` or ``2026``.
        teams: In the order of their folders; nothing ranks them.
        audience: ``all``, or ``outside``: nothing tells of team health.
    """

    period: str
    teams: Sequence[TeamMonth]
    audience: str = "all"

    def count(self, section: str, name: str) -> int:
        """A count over all teams, of those that have the section."""
        return sum(int(team.numbers[section][name]) for team in self.teams if section in team.numbers)

    def having(self, section: str) -> int:
        """How many teams have a section."""
        return sum(section in team.numbers for team in self.teams)

    def with_state(self, *states: str) -> list[TeamMonth]:
        """The teams in some states."""
        return [team for team in self.teams if team.state in states]

    def told_activities(self) -> list[tuple[TeamMonth, Mapping[str, Any]]]:
        """Every activity that earned or lost, the largest amount first within a currency."""
        found = [
            (team, row)
            for team in self.teams
            for row in team.numbers.get("roi", {}).get("activities", ())
            if row["verdict"] in ("profit", "loss")
        ]
        return sorted(found, key=lambda pair: (pair[1]["currency"], -abs(pair[1]["profit"])))

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        rows: Any = [plain(vars(team)) for team in self.teams]
        return {"schema": SCHEMA, "section": "teams", "period": self.period, "audience": self.audience, "teams": rows}


def team_numbers(sections: Mapping[str, Mapping[str, Any]], *, health: bool = True) -> dict[str, Any]:
    """What the JSON of a team's month comes to.

    Args:
        sections: What `Result.to_dict` said, by section; a section that is absent is not told of.
        health: Tell which dimensions of the team's health changed, as its own page does. No score, no count of answers
            and nothing of its groups: of all that a page of many teams could add to what teams published, nothing.

    Returns:
        ``goals``: met, missed, no_data; moved beyond the usual range for the worse, better, sideless (neither can be
        said). ``roi``: profit, loss, unclear, running, untold (no figure), and the activities with profit (currency of
        the team) and roi, each with its 95 % interval. ``followup``: open, overdue, moved, not_moved, cannot_tell.
        ``health``: up, down, steady, cannot_tell; empty where it must not be told.
    """
    counted = {"goals": _goals, "roi": _roi, "followup": _actions}
    found = {name: count(sections[name]) for name, count in counted.items() if name in sections}
    if sections.get("health", {}).get("state") == "shown":
        changes = [row["verdict"] for row in sections["health"]["changes"] if row["group"] == "all"]
        found["health"] = {name: changes.count(name) for name in CHANGES} if health else {}
    return found


def _goals(data: Mapping[str, Any]) -> dict[str, int]:
    goals = data["goals"]
    states = [goal["status"] for goal in goals]
    moved = [SIGNALS[goal["better"]] for goal in goals if goal["variation"] == "signal"]
    return {name: states.count(name) for name in GOALS} | {name: moved.count(name) for name in SIGNALS.values()}


def _roi(data: Mapping[str, Any]) -> dict[str, Any]:
    """Every activity, as its page judges it: by its own figures, or by those of the joint effect it is part of."""
    joint = {row["activity_id"]: row for row in data["joint"]}
    rows = [_judged(row, joint) for row in data["activities"]]
    kinds = [kind_of(row) for row in rows]
    told = {row["activity_id"]: _activity(row, data["context"]) for row in rows if kind_of(row) in MONEY}
    return {name: kinds.count(name) for name in KINDS} | {"activities": list(told.values())}


def _judged(row: Mapping[str, Any], joint: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    alone = not row["joint_id"] or row["incremental"] is not None
    return standing(row if alone else joint.get(row["joint_id"], row))


def _activity(row: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    names = ("verdict", *(f"{name}{end}" for name in ("profit", "roi") for end in ("", "_lower", "_upper")))
    called = context["names"].get(row["activity_id"]) or row["name"]
    return {name: row[name] for name in names} | {"name": called, "currency": context["currency"]}


def _actions(data: Mapping[str, Any]) -> dict[str, int]:
    actions = data["actions"]
    known = [action for action in actions if not action["is_next"] and action["reason"] != Reason.DROPPED]
    verdicts = [action["verdict"] for action in known]
    counts = {"open": sum(action["status"] in OPEN for action in actions)}
    counts["overdue"] = sum(action["overdue_days"] > 0 for action in actions)
    return counts | {name: verdicts.count(name) for name in VERDICTS}
