"""The minutes, shown: the decisions, what was wanted most, the boards, the facts, the parking lot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.report.bars import note
from opsretro.report.minutes_text import MinutesText
from opsretro.report.shown import Shown
from opsretro.report.templates import anchor
from opsretro.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opsretro.analysis.minutes import Minutes

COLUMNS = ("title", "id", "owner", "due", "aim", "lacking")
CERTAINTY = ("card", "basis", "verify", "control")
MOST_TOPICS = 5
"""Topics of a board that stand in its list of the most wanted; all of them are on the board itself."""


class MinutesView(Shown):
    """Shows the minutes of a period in their language. They have no tile: what they say is for the next month.

    Args:
        review: The result.
    """

    template = "minutes.html.jinja"

    def __init__(self, review: Minutes) -> None:
        self.review: Minutes = review
        self.text = MinutesText(review, review.lang)
        self._several = len(review.meetings) > 1
        super().__init__(self.text)

    def plot(self, subject: str | None = None) -> Figure:
        """The answer in words: what a meeting came to is no chart."""
        del subject
        return note(self.headline())

    def table(self) -> pd.DataFrame:
        """One row a decision: id in the ledger, owner, due day, metric with what is hoped for, what is still to say."""
        rows = [self._cells(row) for _, row in self.review.decisions.iterrows()]
        return pd.DataFrame(rows, columns=self._columns(COLUMNS))

    def certainty(self) -> pd.DataFrame:
        """One row a card that was judged: whether it is a fact or a guess, how to check it, who can change it."""
        cards, text = self.review.cards, self.text
        judged = cards[(cards["basis"] != "") | (cards["verify"] != "") | (cards["control"] != "")]
        words = {name: {code: say(f"cause.{name}_{code}", text.lang) for code in judged[name].unique() if code}
                 for name in ("basis", "control")}  # fmt: skip
        rows = [
            [
                text.plain(card["text"]),
                words["basis"].get(card["basis"], text.missing()),
                text.plain(card["verify"]) or text.missing(),
                words["control"].get(card["control"], text.missing()),
            ]
            for _, card in judged.iterrows()
        ]
        return pd.DataFrame(rows, columns=self._columns(CERTAINTY))

    def parts(self) -> dict[str, Any]:
        """What the section of the page and a page of the minutes alone are made of."""
        text, review = self.text, self.review
        months = list(review.meetings["month"])
        return {
            "headline": self.headline(),
            "state": text.state(),
            "decisions": [group for month in months if (group := self._decided(month))["lines"]],
            "wanted": [found for _, board in review.boards.iterrows() if (found := self._wanted(board))["rows"]],
            "boards": [self._board(board) for _, board in review.boards.iterrows()],
            "facts": [text.fact(row) for _, row in review.facts.iterrows()],
            "parked": [text.waiting(row) for _, row in review.returning.iterrows()],
        }

    def agenda(self) -> list[dict[str, Any]]:
        """The phases that are still ahead, each with the questions of its board."""
        review, text = self.review, self.text
        columns = review.columns
        asked = columns[(columns["ask_zh"] != "") | (columns["ask_en"] != "")]
        return [
            {
                "title": text.phase(phase),
                "asks": [
                    text.word("asks", name=text.named(column), ask=text.either(column, "ask"))
                    for _, column in asked[
                        (asked["month"] == phase["month"]) & (asked["board"] == phase["board"])
                    ].iterrows()
                ],
            }
            for _, phase in review.phases[review.phases["is_open"]].iterrows()
        ]

    def conclusions(self) -> list[tuple[str, str]]:
        """What was decided for the next month."""
        return [(self.headline(), "meeting")] if len(self.review.decisions) else []

    def changes(self) -> list[str]:
        """Nothing: a meeting is not compared with the one before."""
        return []

    def method(self) -> str:
        """What minutes hold, and what they leave out."""
        return say("page.method_meeting", self.review.lang)

    def _columns(self, names: tuple[str, ...]) -> list[str]:
        return [self.text.word(f"column.{name}") for name in names]

    def _cells(self, row: pd.Series) -> tuple[str, ...]:
        text = self.text
        own = (text.called(row["owner"]), text.day(row["due"]), text.aim(row), text.lacking(row))
        return (text.title(row), text.ident(row), *(cell or text.missing() for cell in own))

    def _table(self) -> dict[str, object]:
        rows = [(anchor("action", row["id"]), False, self._cells(row)) for _, row in self.review.decisions.iterrows()]
        return {"columns": self._columns(COLUMNS), "rows": rows}

    def _decided(self, month: str) -> dict[str, Any]:
        own = self.review.decisions
        lines = [self._line(row) for _, row in own[own["month"] == month].iterrows()]
        return {"title": self.text.month(month) if self._several else "", "lines": lines}

    def _line(self, row: pd.Series) -> dict[str, Any]:
        text = self.text
        return {
            "title": text.title(row),
            "id": text.ident(row),
            "link": f"open-{anchor('action', row['id'])}" if row["followed"] else "",
            "meta": [text.called(row["owner"])] * bool(row["owner"])
            + [text.word("due", day=text.day(row["due"]))] * bool(row["due"]),
            "says": [told for told in (text.aim(row), text.trigger(row)) if told],
            "control": text.control(row),
            "lacking": text.lacking(row),
        }

    def _named(self, board: pd.Series) -> str:
        name = self.text.named(board)
        return self.text.word("of_month", name=name, month=self.text.month(board["month"])) if self._several else name

    def _of(self, frame: pd.DataFrame, board: pd.Series) -> pd.DataFrame:
        return frame[(frame["month"] == board["month"]) & (frame["board"] == board["key"])]

    def _wanted(self, board: pd.Series) -> dict[str, Any]:
        """The most wanted topics of a board; before its tallies are counted, those that several cards make up."""
        text, topics = self.text, self._of(self.review.topics, board)
        is_counted = topics["votes"].notna()
        topics = topics[(topics["votes"] > 0) if is_counted.any() else topics["n_cards"] > 1]
        shown = [row for _, row in topics[:MOST_TOPICS].iterrows()]
        rows = [(text.plain(row["title"]), text.number(row["votes"]), text.number(row["n_cards"])) for row in shown]
        more = text.word("more_topics", n=len(topics) - MOST_TOPICS) if len(topics) > MOST_TOPICS else ""
        return {"title": self._named(board), "rows": rows, "says": [text.topic(row) for row in shown], "more": more}

    def _board(self, board: pd.Series) -> dict[str, Any]:
        """A board with its cards by column; a column nobody knows any more stands last."""
        text, cards = self.text, self._of(self.review.cards, board)
        topics = self._of(self.review.topics, board)
        columns = self._of(self.review.columns, board)
        names = {column["key"]: text.named(column) for _, column in columns.iterrows()}
        names |= {key: text.plain(key) for key in cards["column"].unique() if key not in names}
        count = text.word("board", name=self._named(board), cards=text.word("cards", n=len(cards)))
        return {
            "title": count if len(cards) else self._named(board),
            "note": text.stage(board),
            "columns": [
                {
                    "name": name,
                    "cards": [
                        {"text": text.plain(card["text"]), "remarks": text.remarks(card, topics)}
                        for _, card in cards[cards["column"] == key].iterrows()
                    ],
                }
                for key, name in names.items()
            ],
        }
