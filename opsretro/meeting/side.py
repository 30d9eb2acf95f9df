"""What stands beside the board: the card that is picked, several of them, or a panel that a button opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from markupsafe import Markup

from opsretro.analysis.methods.similar_texts import similar_pairs
from opsretro.errors import InputError, Problem
from opsretro.meeting import card_changes, changes
from opsretro.tables.judgements import BASES, CONTROLS
from opsretro.tables.meetings import FOLDER, Card, Meeting, Stage, text_in
from opsretro.tables.people import everybody, named_people
from opsretro.tables.survey_files import ENDINGS, survey_folder
from opsretro.words import say

if TYPE_CHECKING:
    from opsretro.meeting.conductor import Conductor
    from opsretro.meeting.controls import Controls

MOST_HINTS = 4
MOST_ENTERED = 20
"""Cards of which the file tells that they were entered, for a browser that got no answer."""
ENTERED = {
    "card": ("card",),
    "edit": ("edit",),
    "verify": ("verify",),
    "group": ("topic",),
    "vote": ("votes",),
    "voters": ("people", "budget"),
    "import": ("import",),
}
"""Fields that are empty again once a text was entered, by what was entered."""


class Side:
    """Panels of one meeting; each is made anew only when another one is asked for.

    Args:
        held: The meeting.
        controls: Its buttons and fields.
        acts: What other parts of the screen do: ``decide_this`` with a card, ``minutes``.
    """

    def __init__(self, held: Conductor, controls: Controls, acts: Mapping[str, Callable[..., Any]]) -> None:
        self.held, self.controls, self.acts, self.lang = held, controls, acts, held.lang
        self._shown_of: tuple[Any, ...] = ()
        self._shown: list[widgets.Widget] = []
        self._alike: tuple[tuple[str, ...], list[tuple[Card, Card]]] = ((), [])

    def forget(self) -> None:
        """Make the panel anew when it is next shown."""
        self._shown_of = ()

    def shown(self) -> list[widgets.Widget]:
        """The panel of the moment; none where nothing is picked or opened."""
        held = self.held
        at = held.meeting.board(held.board).stage if held.board else ""
        key = (held.panel, held.face, held.board, at, held.meeting.now, tuple(held.picked))
        if key != self._shown_of:
            gone, (self._shown_of, parts) = self._shown, (key, self._parts())
            self._shown = [widgets.VBox(parts)] if parts else []
            for box in self._shown:
                box.add_class("om-side")
            self.controls.close(gone)
        return self._shown

    def _parts(self) -> list[widgets.Widget]:
        panels: dict[str, Callable[[], list[widgets.Widget]]] = {
            "more": self._more,
            "import": self._import,
            "voters": self._voters,
        }
        if self.held.panel in panels:
            return panels[self.held.panel]()
        if self.held.face != "board" or not (cards := self.held.chosen):
            return []
        return self._one(cards[0]) if len(cards) == 1 else self._several(cards)

    def _one(self, card: Card) -> list[widgets.Widget]:
        """One card: its tally while votes are entered, its text, and what rests behind it."""
        board = self.held.meeting.board(card.board)
        found: list[widgets.Widget] = []
        if board.stage == Stage.VOTE:
            # a tally that was entered stays out of sight until all are
            found += self._asked(f"votes-{card.heap}", "vote", "", word="votes")
        titles = {topic.id: topic.title for topic in self.held.meeting.topics}
        if title := titles.get(card.topic):
            found.append(widgets.HTML(str(Markup("<p><b>{}</b></p>").format(title))))
        text = self.controls.field(f"edit-{card.id}", widgets.Textarea(value=card.text, rows=2))
        found += [text, self._sends("edit")]
        if board.judged:
            found += [self._choice(card, "basis", BASES), self._choice(card, "control", CONTROLS)]
            found += self._asked(f"verify-{card.id}", "verify", card.verify, word="verify")
        button, act = self.controls.button, self.controls.act
        if card.topic:
            found.append(button("ungroup", act(card_changes.ungrouped, [card.id])))
        found.append(button("decide_this", partial(self.acts["decide_this"], card)))
        return [
            *found,
            button("park", act(card_changes.parked, [card.id])),
            button("remove", act(card_changes.removed, [card.id])),
        ]

    def _several(self, cards: Sequence[Card]) -> list[widgets.Widget]:
        """Several cards: one topic of them, with a title if the room has one."""
        ids = [card.id for card in cards]
        button, act = self.controls.button, self.controls.act
        apart = button("ungroup", act(card_changes.ungrouped, ids))
        return [*self._asked("topic", "group", ""), apart, button("park", act(card_changes.parked, ids))]

    def _voters(self) -> list[widgets.Widget]:
        board = self.held.meeting.board(self.held.board)
        people = self._field("people", str(board.people or ""), "people")
        return [people, *self._asked("budget", "voters", str(board.budget))]

    def _import(self) -> list[widgets.Widget]:
        """A file of answers: one that lies among the meetings, or any path."""
        folder = self.held.store.path.parent
        files = (path.name for path in folder.glob("*") if path.suffix.lower() in ENDINGS)
        lying = sorted(name for name in files if ".minutes." not in name)
        path = widgets.Combobox(options=lying, placeholder=say("meeting.path_here", self.lang, folder=FOLDER))
        box = widgets.VBox([self.controls.field("import", path), self._sends("import", "read_form")])
        box.add_class("om-enters-import")
        return [box]

    def _more(self) -> list[widgets.Widget]:
        """Seldom needed: another board, another order of phases, light or dark, the notebook below, the minutes."""
        held = self.held
        names = [(text_in(board.name, self.lang), key) for key, board in held.boards.items()]
        board = widgets.Dropdown(options=[("", ""), *names], value=held.board, description=self._word("board"))
        board.observe(lambda change: held.attempt(partial(held.use_board, change["new"])), "value")
        order = [
            self.controls.button(name, partial(held.do, partial(changes.reordered, key=held.meeting.now, by=by)))
            for name, by in {"earlier": -1, "later": 1}.items()
        ]
        browser = Markup("").join(
            Markup('<button type="button" class="om-plain" data-do="{}">{}</button>').format(
                name, say(f"meeting.do.{name}", self.lang)
            )
            for name in ("theme", "present")
        )
        facts = self.controls.button("facts", held.take_facts)
        return [board, *order, widgets.HTML(str(browser)), facts, self.controls.button("minutes", self.acts["minutes"])]

    def enter(self, name: str, fields: Mapping[str, str], entry: str = "") -> None:
        """A text was entered.

        Args:
            name: Which: card, edit, verify, group, vote, voters or import.
            fields: Text of every field as it stands in the browser.
            entry: Its number, so that the browser can tell what was entered before a kernel died.

        Raises:
            InputError: It is refused.
        """
        entering: dict[str, Callable[[Mapping[str, str]], None]] = {
            "card": partial(self._enter_card, entry),
            "edit": partial(self._enter_edit, "edit", "text"),
            "verify": partial(self._enter_edit, "verify", "verify"),
            "group": self._enter_group,
            "vote": self._enter_votes,
            "voters": self._enter_voters,
            "import": self._enter_form,
        }
        entering[name](fields)
        for field in fields:
            if field.partition("-")[0] in ENTERED[name]:
                self.controls.typed(field, "")

    def _enter_card(self, entry: str, fields: Mapping[str, str]) -> None:
        self.nobody(fields["card"])
        cards = [(self.controls.column.value, fields["card"])]

        def written(meeting: Meeting) -> Meeting:
            after = card_changes.written(meeting, self.held.board, cards)
            return changes.drafted(changes.drafted(after, "card", ""), "entered", entered)

        entered = " ".join([*self.held.meeting.drafts.get("entered", "").split(), entry][-MOST_ENTERED:])
        self.held.do(written, keep=True)
        self.controls.typed("entered", entered)

    def _enter_edit(self, field: str, part: str, fields: Mapping[str, str]) -> None:
        for card in self.held.chosen[:1]:
            # the panel of another card may have been meant: then nothing changes
            text = fields.get(f"{field}-{card.id}", getattr(card, part))
            self.nobody(text)
            self.held.do(partial(card_changes.edited, card=card.id, new={part: text}))

    def _enter_group(self, fields: Mapping[str, str]) -> None:
        self.nobody(fields["topic"])
        self.held.do(partial(card_changes.grouped, cards=list(self.held.picked), title=fields["topic"]))

    def _enter_votes(self, fields: Mapping[str, str]) -> None:
        for card in self.held.chosen[:1]:
            votes = self._whole(fields, f"votes-{card.heap}")
            self.held.do(partial(card_changes.voted, board=self.held.board, heap=card.heap, votes=votes))

    def _enter_voters(self, fields: Mapping[str, str]) -> None:
        people, budget = self._whole(fields, "people"), self._whole(fields, "budget")
        self.held.do(partial(card_changes.voters, board=self.held.board, people=people, budget=budget))
        self.held.do(partial(card_changes.to_stage, board=self.held.board, stage=Stage.VOTE))
        self.held.panel = ""

    def _enter_form(self, fields: Mapping[str, str]) -> None:
        from opsretro.tables.card_form import read_cards  # its dictionary takes a moment, and most meetings need none

        held, path = self.held, self.held.store.path.parent / fields["import"].strip()
        if not path.is_file():
            raise InputError([Problem(code="meeting_no_file", source="", values={"value": str(path)})])
        board = held.meeting.board(held.board)
        names = {each.key: [each.key, *each.name.values(), *each.ask.values()] for each in board.columns}
        form = read_cards(path, columns=names, roster=self._people())
        columns = [column or self.controls.column.value for column in form.cards["column"]]
        cards = list(zip(columns, form.cards["text"], strict=True))
        held.do(partial(card_changes.written, board=board.key, cards=cards, source="form"))
        held.notice = say("meeting.imported", self.lang, n=len(cards))
        skipped, unmatched = (
            say("list.comma", self.lang).join(f"“{header}”" for header in dict.fromkeys(headers))
            for headers in (form.skipped, form.unmatched)
        )
        held.notice += say("meeting.left_out", self.lang, columns=skipped) if skipped else ""
        held.notice += say("meeting.unmatched", self.lang, columns=unmatched) if unmatched else ""
        held.panel = ""

    def nobody(self, text: str) -> None:
        """A person is never a root cause: on a board of causes nobody is named.

        Raises:
            InputError: The text names somebody.
        """
        is_cause = self.held.meeting.board(self.held.board).judged
        if is_cause and (named := named_people(text, self._people())):
            raise InputError([Problem(code="meeting_person", source="", values={"value": ", ".join(named)})])

    def alike(self) -> list[tuple[Card, Card]]:
        """Cards that may say alike and stand apart, the likeliest first; a hint, never more."""
        meeting, board = self.held.meeting, self.held.board
        if meeting.board(board).stage != Stage.OPEN:
            return []
        cards = {card.id: card for card in meeting.on(board)}
        if (texts := tuple(card.text for card in cards.values())) != self._alike[0]:
            own, pairs = list(cards.values()), similar_pairs(texts)
            alike = [(own[one], own[two]) for one, two in zip(pairs["first"], pairs["second"], strict=True)]
            self._alike = (texts, alike)
        now = [(cards[one.id], cards[two.id]) for one, two in self._alike[1] if {one.id, two.id} <= set(cards)]
        return [(one, two) for one, two in now if not one.topic or one.topic != two.topic][:MOST_HINTS]

    def _people(self) -> set[str]:
        ops = self.held.ops
        return everybody(survey_folder(ops.inputs.folder, ops.settings), ops.tables)

    def _choice(self, card: Card, name: str, codes: Sequence[str]) -> widgets.ToggleButtons:
        options = [(say(f"meeting.{name}.{code}", self.lang), code) for code in codes]
        chosen = widgets.ToggleButtons(options=options, value=getattr(card, name) or None, description=self._word(name))
        chosen.observe(lambda change: self.held.attempt(partial(self._judge, card, name, change["new"])), "value")
        return chosen

    def _judge(self, card: Card, name: str, code: str) -> None:
        self.held.do(partial(card_changes.edited, card=card.id, new={name: code or ""}), keep=True)

    def _field(self, name: str, value: str, word: str) -> widgets.Text:
        return self.controls.field(name, widgets.Text(value=value, description=self._word(word)))

    def _asked(self, field: str, send: str, value: str, *, word: str = "") -> list[widgets.Widget]:
        """A field and the button that enters it; the Enter key does, too."""
        box = widgets.VBox([self._field(field, value, word or field), self._sends(send)])
        box.add_class(f"om-enters-{send}")
        return [box]

    def _sends(self, send: str, word: str = "") -> widgets.Button:
        button = self.controls.button(word or f"send_{send}")
        button.add_class(f"om-send-{send}")
        return button

    def _whole(self, fields: Mapping[str, str], name: str) -> int:
        """A whole number out of what was typed."""
        typed = fields.get(name, "").strip()
        if not typed.isdecimal():
            values = {"value": typed, "name": self._word(name.partition("-")[0])}
            raise InputError([Problem(code="meeting_number", source="", values=values)])
        return int(typed)

    def _word(self, field: str) -> str:
        return say(f"meeting.form.{field}", self.lang)
