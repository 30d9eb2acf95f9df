"""A decision being written: the form, the metric's chart beside it, and the way into the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from markupsafe import Markup

from opsretro.errors import InputError, Problem
from opsretro.meeting.changes import decided, deciding, drafted, settled, without_drafts
from opsretro.meeting.controls import fill
from opsretro.meeting.ledger import Entry, Ledger, LedgerConflict, known_metrics
from opsretro.meeting.ledger_text import plain
from opsretro.tables.actions import ASKED, CHOICES
from opsretro.tables.contracts import FORMS
from opsretro.words import join_list, pick, say

if TYPE_CHECKING:
    from opsretro.meeting.conductor import Conductor
    from opsretro.meeting.controls import Controls
    from opsretro.tables.meetings import Meeting

TYPED = ("title", "when", "then", "owner", "effect")
"""Fields that are typed; the others are picked."""
PICKED = ("due", "metric", "direction", "controllable", "status")
PARTS = {
    "title": ("title",),
    "trigger": ("when", "then"),
    "owner": ("owner",),
    "due": ("due",),
    "expected_effect": ("effect",),
    "metric": ("metric",),
    "direction": ("direction",),
    "controllable": ("controllable",),
    "status": ("status",),
}
"""What the form asks for each field of the ledger."""
WHOLE = ("title", "when", "then")
"""Fields that are as wide as the form."""
BESIDE = ("changing", "seen", "source", "lang")
"""Kept with the form: the action that is being changed, what it was, the card the decision comes from, its language."""
KEPT = ("title", "trigger", "owner", "expected_effect", "created_in", *PICKED)
"""Fields of the ledger that the meeting keeps of a decision."""
MOST_PERCENT = 10_000
"""A larger effect is a slip of the keyboard."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PERCENT = re.compile(r"([+\-−]?)\s*(\d+(?:\.\d+)?)\s*[%％]?")


class Decide:
    """The form of a decision; everything in it may stay empty but the title.

    Args:
        held: The meeting.
        controls: Its fields.
        below: What stands below the chart: the decisions so far.
    """

    def __init__(self, held: Conductor, controls: Controls, below: widgets.Widget) -> None:
        self.held, self.controls, self.lang = held, controls, held.lang
        ops = held.ops
        self.ledger = Ledger(ops.inputs.folder / ops.settings.sources.get("actions", FORMS["actions"]))
        metrics = known_metrics(ops.inputs.folder, ops.settings.sources)
        self.names = {kpi: pick(ops.settings.names.get(kpi, kpi), self.lang) for kpi in metrics}
        made = {
            "title": widgets.Text(),
            "when": widgets.Text(),
            "then": widgets.Text(),
            "owner": widgets.Combobox(options=self._owners()),
            "due": widgets.DatePicker(),
            "metric": widgets.Dropdown(options=[("", ""), *((name, kpi) for kpi, name in self.names.items())]),
            "effect": widgets.Text(),
            "direction": widgets.ToggleButtons(options=self._codes("direction", "meeting"), value=None),
            "controllable": widgets.Dropdown(options=[("", ""), *self._codes("controllable", "meeting")]),
            "status": widgets.Dropdown(options=[("", ""), *self._codes("status", "ledger")]),
        }
        self.fields = {name: controls.field(name, self._described(name, made[name])) for name in made}
        self.chart = widgets.HTML()
        self.fields["metric"].observe(lambda _: self._draw(), "value")
        self._draw()
        self.source = widgets.HTML()
        self._offer()
        save = widgets.Button(description=say("meeting.do.save_action", self.lang))
        clear = controls.button("clear_form", self.clear)
        self.form = widgets.VBox([self.source, *self.fields.values(), widgets.HBox([save, clear])])
        self.beside = widgets.VBox([self.chart, below])
        classes = {save: ("om-send-decide", "om-primary"), self.form: ("om-form",)}
        classes |= {self.beside: ("om-beside",)}
        whole = (self.source, *(self.fields[name] for name in WHOLE), self.form.children[-1])
        classes |= dict.fromkeys(whole, ("om-whole",))
        for part, names in classes.items():
            for name in names:
                part.add_class(name)

    def save(self, told: Mapping[str, str]) -> None:
        """Write what the form holds into the ledger: a new action, or what was changed of one.

        Args:
            told: Text by field as it stands in the browser, which may be ahead of the kernel by a letter.

        Raises:
            InputError: It has no title, the effect is no number, or the ledger refuses it; nothing is written.
            LedgerConflict: Somebody else changed the same field meanwhile; theirs stands, what is here is kept beside.
            LooksOn: Somebody else writes the meeting.
            OSError: The meeting or the ledger cannot be written; the ledger is as it was.
        """
        held, lang = self.held, self.lang
        held.do(lambda meeting: meeting, keep=True)  # nothing goes into the ledger that the meeting cannot keep
        action = held.meeting.drafts.get("changing", "")
        seen = self._seen()
        fields = self._wanted(told, seen)
        if not action:
            action = self._add(fields)
        elif fields:
            self._edit(action, fields, seen)
        self.controls.pass_by(told)
        kept = self._keep(action)
        missing = [say(f"followup.label.{name}", lang) for name in ASKED if not kept.get(name)]
        asked = say("meeting.still", lang, fields=join_list(missing, lang)) if missing else ""
        held.notice = say("meeting.in_ledger", lang, id=action) + asked

    def _edit(self, action: str, fields: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
        """Change an action; where somebody changed it meanwhile, theirs is what is seen from now on."""
        try:
            self.ledger.edit(action, fields, seen=Entry(id=action, values=dict(seen), digest=""))
        except LedgerConflict:
            now = json.dumps(self._values(action), ensure_ascii=False)
            self.held.do(partial(drafted, field="seen", text=now), keep=True)
            raise

    def load(self, action: str) -> None:
        """Fill the form with an action as it stands in the ledger now, to change it.

        Args:
            action: Its id in the ledger.

        Raises:
            InputError: The ledger has it no more, or cannot be read; or the form holds something else.
            LooksOn: Somebody else writes the meeting.
        """
        self._keep_begun()
        known = self._values(action)
        beside = {"changing": action, "seen": json.dumps(known, ensure_ascii=False), "source": ""}
        beside["lang"] = self.lang
        for name, text in beside.items():
            self.held.do(partial(drafted, field=name, text=text), keep=True)
        self.held.show("decide")
        self.controls.pass_by({})
        self._fill(self._shown(known))

    def begin(self, title: str) -> None:
        """Begin a decision about something, and remember what it comes from.

        Raises:
            InputError: The form holds something that was not entered.
        """
        self._keep_begun()
        self._empty(self.held.meeting)
        self.held.show("decide")
        self.held.typed("source", title)
        self.controls.pass_by({})
        self.fields["title"].value = title
        self._offer()

    def refill(self) -> None:
        """Show what the state has; somebody else may have written it."""
        self.controls.pass_by({})
        self._fill({name: self.held.meeting.drafts.get(name, "") for name in (*TYPED, *PICKED)})

    def clear(self) -> None:
        """Empty the form; what it was about stays as it is."""
        self.held.do(partial(without_drafts, fields=(*TYPED, *PICKED, *BESIDE)), keep=True)
        self.refill()

    def _keep_begun(self) -> None:
        """Nothing takes the place of what somebody began to write."""
        drafts, before = self.held.meeting.drafts, self._shown(self._seen())
        before["title"] = before["title"] or drafts.get("source", "")
        if any(drafts.get(name, "") != before[name] for name in before):
            self.held.show("decide")
            values = {"value": drafts.get("title") or drafts.get("changing") or say("meeting.form.title", self.lang)}
            raise InputError([Problem(code="meeting_form_begun", source="", values=values)])

    def _seen(self) -> dict[str, Any]:
        """What the ledger said of the action that is being changed."""
        with suppress(ValueError):
            return dict(json.loads(self.held.meeting.drafts.get("seen") or "{}"))
        return {}

    def finish(self) -> None:
        """What was about to be written when something stopped: find it in the ledger, or write it now.

        Raises:
            InputError: The ledger cannot be read, or refuses it.
            OSError: The ledger cannot be written.
        """
        pending = next((one.fields for one in self.held.meeting.decisions if not one.id), None)
        if not pending or not self.held.store.writes:
            return
        rows, known = self.ledger.actions(), {one.id for one in self.held.meeting.decisions}
        own = rows[rows["created_in"] == self.held.meeting.month]["id"]
        found = [name for name in own if name not in known and self._values(name).get("title") == pending.get("title")]
        self._keep(found[0] if found else self.ledger.add({**pending, "created_in": self.held.meeting.month}))

    def _add(self, fields: Mapping[str, Any]) -> str:
        """A new action; the meeting says so before and after, so that whatever stops it is known when it goes on."""
        held = self.held
        self.finish()  # of somebody whose meeting ended in the middle, and was taken over
        held.do(partial(deciding, fields=fields), keep=True)
        try:
            held.store.check()
            return self.ledger.add({**fields, "created_in": held.meeting.month})
        except (InputError, OSError):
            held.store.save(settled(held.meeting))
            raise

    def _keep(self, action: str) -> Mapping[str, Any]:
        """The decision joins the meeting as it stands in the ledger, and the form is empty again."""
        kept = self._values(action)
        self._empty(decided(self.held.meeting, action, kept))
        return kept

    def _empty(self, meeting: Meeting) -> None:
        self.held.store.save(without_drafts(meeting, (*TYPED, *PICKED, *BESIDE)))
        self._fill(dict.fromkeys((*TYPED, *PICKED), ""))

    def _fill(self, texts: Mapping[str, str]) -> None:
        for name, control in self.fields.items():
            fill(control, texts[name])
        self._offer()

    def _offer(self) -> None:
        """A new action is planned, and tells where it comes from; only of one that is there can the status change."""
        drafts = self.held.meeting.drafts
        self.fields["status"].layout.display = None if drafts.get("changing") else "none"
        source = drafts.get("source", "")
        told = Markup("<p>{}</p>").format(say("meeting.from_card", self.lang, text=source)) if source else ""
        self.source.value = str(told)
        self.source.layout.display = None if source else "none"

    def _values(self, action: str) -> dict[str, Any]:
        """What the ledger says of an action, as far as a meeting keeps it."""
        values = self.ledger.entry(action).values
        told = {name: values[name] for name in KEPT if values.get(name) is not None}
        return {name: str(told[name]) if name in PICKED or name == "owner" else told[name] for name in told}

    def _wanted(self, told: Mapping[str, str], seen: Mapping[str, Any]) -> dict[str, Any]:
        """Value by field of the ledger, of those that the form says otherwise than before; None = emptied."""
        before, now = self._shown(seen), self._told(told)
        if not now["title"]:
            raise InputError([Problem(code="meeting_title", source="")])
        had = _trigger(seen)
        making: dict[str, Callable[[], Any]] = {
            "title": lambda: self._in_place(seen.get("title"), now["title"]),
            "trigger": lambda: {
                part: self._in_place(had.get(part), now[part]) for part in PARTS["trigger"] if now[part]
            },
            "expected_effect": lambda: _ratio(now["effect"]),
        }
        new = [name for name, parts in PARTS.items() if any(now[part] != before[part] for part in parts)]
        found = {name: plain((making[name]() if name in making else now[name]) or None) for name in new}
        if not seen:
            found["source_finding"] = self.held.meeting.drafts.get("source")
        return {name: value for name, value in found.items() if value is not None or name in seen}

    def _told(self, told: Mapping[str, str]) -> dict[str, str]:
        """What the form says now."""
        day = self.fields["due"].value
        found = {name: told.get(name, str(self.fields[name].value or "")).strip() for name in TYPED}
        found |= {name: self.fields[name].value or "" for name in PICKED}
        return {**found, "due": told.get("due") or (day.isoformat() if day else "")}

    def _shown(self, values: Mapping[str, Any]) -> dict[str, str]:
        """What the form says of an action."""
        effect, told = values.get("expected_effect"), {**values, **_trigger(values)}
        known = {name: told.get(name) or "" for name in (*TYPED, *PICKED)}
        texts = {
            name: pick(each, self._language) if isinstance(each, Mapping) else str(each) for name, each in known.items()
        }
        texts["due"] = texts["due"] if _DAY.fullmatch(texts["due"]) else ""
        texts["metric"] = texts["metric"] if texts["metric"] in self.names else ""
        texts["effect"] = "" if effect is None else f"{100 * float(effect):g}"
        return {name: text.strip() for name, text in texts.items()}

    def _in_place(self, had: Any, text: str) -> Any:
        """A text, in the place of that of its language where there are several."""
        if not isinstance(had, Mapping):
            return text
        return had if pick(had, self._language) == text else {**had, self._language: text}

    @property
    def _language(self) -> str:
        """Of the texts in the form; a meeting that goes on in another one leaves them as they are."""
        return self.held.meeting.drafts.get("lang") or self.lang

    def _owners(self) -> list[str]:
        """Roles that own something already."""
        tables = self.held.ops.tables
        own = (tables[name]["owner"].dropna() for name in ("goals", "activities", "actions") if name in tables)
        return sorted({str(owner) for column in own for owner in column} - {""})

    def _codes(self, field: str, section: str) -> list[tuple[str, str]]:
        return [(say(f"{section}.{field}.{code}", self.lang), code) for code in CHOICES[field]]

    def _described(self, field: str, control: widgets.DOMWidget) -> widgets.DOMWidget:
        control.description = say(f"meeting.form.{field}", self.lang)
        control.style.description_width = "initial"
        control.layout.width = "auto"
        return control

    def _draw(self) -> None:
        metric = self.fields["metric"].value
        self.chart.value = str(self.held.evidence.metric(metric)) if metric else ""


def _trigger(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """When and then of a decision; a plain text is what is done."""
    trigger = fields.get("trigger") or {}
    return trigger if isinstance(trigger, Mapping) else {"then": str(trigger)}


def _ratio(text: str) -> float | None:
    """A per cent as a ratio; None where nothing is typed."""
    if not text:
        return None
    found = _PERCENT.fullmatch(text)
    if not found or float(found[2]) > MOST_PERCENT:
        raise InputError([Problem(code="meeting_effect", source="", values={"value": text})])
    return round(float(found[2]) / 100 * (-1 if found[1] in ("-", "−") else 1), 6)
