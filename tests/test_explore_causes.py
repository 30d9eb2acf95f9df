"""The widget of the root causes without a browser: what clicks do to the card, the way back, nothing is kept."""

import re

import numpy as np
import pandas as pd
import pytest
from cause_results import EVIL
from conftest import GOALS

from opsretro import explore_causes, open_workspace
from opsretro.report.cause_view import CauseView
from opsretro.workspace import Workspace

PERIOD = "2026-10"
CHANNELS, DEVICES = ("app", "mini", ""), ("android", "ios", "web")
SEED = 20261031
RETRO = """\
[names]
sales = {{ zh-CN = "销售额", en = "Sales" }}
channel = {{ zh-CN = "渠道", en = "Channel" }}
device = {{ zh-CN = "设备", en = "Device" }}
app = {{ zh-CN = "应用", en = "{app}" }}
"""


def sales():
    """Four months of sales: a seventh more than usual at weekends, half of App × Android since 10 October."""
    noise, rows = np.random.default_rng(SEED), []
    for day in pd.date_range("2026-07-01", "2026-10-31"):
        for channel in CHANNELS:
            for device in DEVICES:
                hit = (channel, device) == ("app", "android") and day >= pd.Timestamp("2026-10-10")
                value = noise.poisson(400 * (8 / 7 if day.weekday() > 4 else 1) * (0.5 if hit else 1))
                rows.append(
                    {"date": f"{day:%Y-%m-%d}", "kpi": "sales", "value": value} | {"channel": channel, "device": device}
                )
    return pd.DataFrame(rows)


def workspace(folder, app="App"):
    """A folder with sales by channel and device, and visits that are not split; no goals."""
    folder.mkdir(exist_ok=True)
    whole = sales().groupby("date", as_index=False)["value"].sum().assign(kpi="visits")
    pd.concat([sales(), whole]).to_csv(folder / "metrics.csv", index=False)
    (folder / "retro.toml").write_text(RETRO.format(app=app), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def ops(tmp_path_factory):
    return open_workspace(workspace(tmp_path_factory.mktemp("causes")), lang="en")


@pytest.fixture
def box(ops):
    return explore_causes(ops, PERIOD)


@pytest.fixture(scope="module")
def first(ops):
    """A widget nobody touches."""
    return explore_causes(ops, PERIOD)


def parts(box):
    """KPI, period, what it is compared with, dimension, path, values and card."""
    return box.children


def labels(buttons):
    """What stands on the buttons, without the changes."""
    return [button.description.split("  ")[0] for button in buttons.children]


def click(buttons, name):
    """Click the button of this name."""
    next(button for button in buttons.children if button.description.split("  ")[0] == name).click()


def words(card):
    """What can be read on the card."""
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", card.value, flags=re.DOTALL))


def title(card):
    """The title of the card."""
    return re.search(r"<h3>(.*?)</h3>", card.value)[1]


def test_the_card_begins_with_the_first_kpi_as_the_review_has_it(ops, first):
    kpi, period, against, dimension, path, _, card = parts(first)
    assert (kpi.value, period.value, against.value, dimension.value) == ("sales", PERIOD, "expected", "channel")
    assert (path.children, card.value) == ((), str(CauseView(ops.root_cause(PERIOD, kpi="sales")).card("sales")))


def test_the_planted_slice_is_on_the_card(first):
    assert title(first.children[-1]) == "Sales: one slice stands out"
    assert "App × Device android brings" in words(first.children[-1])


def test_a_button_a_value_says_what_it_brings_the_largest_first(first):
    *_, values, _ = parts(first)
    assert labels(values)[0] == "App" and set(labels(values)) == {"App", "Channel mini", "Channel unknown"}
    assert re.fullmatch(r"App  −[\d.]+k", values.children[0].description)


def test_another_dimension_has_its_own_buttons(box):
    *_, dimension, _, values, _ = parts(box)
    dimension.value = "device"
    assert labels(values)[0] == "Device android" and len(labels(values)) == 3


def test_a_click_looks_inside_a_value(box):
    *_, dimension, path, values, card = parts(box)
    click(values, "App")
    assert (labels(path), [name for name, _ in dimension.options]) == (["Everything", "App"], ["Device"])
    assert title(card) == "Sales: App: one slice stands out"


def test_clicks_lead_slice_inside_slice_down_to_the_last(box):
    *_, dimension, path, values, card = parts(box)
    click(values, "App")
    click(values, "Device android")
    assert labels(path) == ["Everything", "App", "Device android"]
    assert (values.children, dimension.options) == ((), ())
    assert title(card) == "Sales: App × Device android: no dimension to search"


def test_the_path_leads_back_to_any_step(box):
    *_, path, values, _ = parts(box)
    click(values, "App")
    click(values, "Device ios")
    click(path, "App")
    assert labels(path) == ["Everything", "App"]


def test_the_way_back_ends_where_it_began(box):
    *_, dimension, path, values, card = parts(box)
    before = card.value, dimension.options
    click(values, "App")
    click(path, "Everything")
    assert (card.value, dimension.options) == before


def test_a_value_that_is_missing_can_be_looked_into_and_is_named(box):
    *_, path, values, card = parts(box)
    click(values, "Channel unknown")
    assert title(card).startswith("Sales: Channel unknown:")
    assert labels(path) == ["Everything", "Channel unknown"]


def test_two_periods_are_compared(box):
    _, period, against, *_, card = parts(box)
    against.value = "2026-08"
    assert "Aug 2026" in words(card) and "what the three months before let expect" not in words(card)
    period.value = "2026-09"
    assert title(card) == "Sales: no slice stands out"


@pytest.mark.parametrize(
    ("against", "told"), [("previous", "the month before"), ("same_last_year", "the same month last year")]
)
def test_what_it_is_compared_with_is_on_the_card(box, against, told):
    control, card = parts(box)[2], parts(box)[-1]
    control.value = against
    assert told in words(card)


def test_a_period_cannot_be_compared_with_itself_and_the_card_says_so(box):
    control, card = parts(box)[2], parts(box)[-1]
    control.value = PERIOD
    assert f"&#39;{PERIOD}&#39; shares days with {PERIOD}, which is under review; name a period beside it." in words(
        card
    )


def test_the_slice_stays_when_the_period_changes(box):
    _, period, _, _, path, values, card = parts(box)
    click(values, "App")
    period.value = "2026-09"
    assert labels(path) == ["Everything", "App"] and title(card) == "Sales: App: no slice stands out"


def test_another_kpi_resets_the_path(box):
    kpi, *_, path, values, card = parts(box)
    click(values, "App")
    kpi.value = "visits"
    assert (path.children, values.children) == ((), ())
    assert title(card) == "visits: no dimension to search"


def test_a_kpi_comes_back_with_its_dimensions(box):
    kpi, *_, dimension, path, values, _ = parts(box)
    kpi.value = "visits"
    kpi.value = "sales"
    assert (dimension.value, labels(values)[0], path.children) == ("channel", "App", ())


def test_a_month_without_a_past_is_told_in_words(box):
    _, period, *_, card = parts(box)
    period.value = "2026-07"
    assert title(card) == "Sales: nothing to compare with" and "nan" not in words(card)


def test_a_month_in_which_no_goal_was_in_force_can_be_looked_at(tmp_path):
    folder = workspace(tmp_path / "goals")
    (folder / "goals.csv").write_text(GOALS.replace("2026-01-01", "2026-10-01"), encoding="utf-8")
    _, period, *_, card = parts(explore_causes(open_workspace(folder, lang="en"), PERIOD))
    period.value = "2026-09"
    assert "1 problem" not in card.value and title(card) == "Sales: no slice stands out"


class Refused(Workspace):
    """A workspace that can look into no slice."""

    def root_cause(self, *args, where=None, **options):
        """As ever, but a slice is a dimension nobody knows."""
        return super().root_cause(*args, where=where and {EVIL: "x"}, **options)


def test_what_cannot_be_done_is_told_in_the_place_of_the_card(ops):
    *_, values, card = parts(explore_causes(Refused(ops.inputs, lang="en"), PERIOD))
    click(values, "App")
    assert card.value.startswith("<p>where: 1 problem.") and "&lt;script&gt;" in card.value
    assert "<script" not in card.value and "channel, device" in card.value


def test_after_an_error_the_next_wish_is_shown(ops):
    kpi, *_, values, card = parts(explore_causes(Refused(ops.inputs, lang="en"), PERIOD))
    click(values, "App")
    kpi.value = "visits"
    assert title(card) == "visits: no dimension to search"


def test_an_unknown_period_is_refused_at_once(ops):
    with pytest.raises(Exception, match=r"^period: 1 problem\. '2026-13' is no period; "):
        explore_causes(ops, "2026-13")


def test_what_is_tried_is_saved_nowhere(tmp_path):
    folder = workspace(tmp_path / "own")
    before = {path: path.read_bytes() for path in folder.rglob("*")}
    _, period, _, _, _, values, _ = parts(explore_causes(open_workspace(folder, lang="en"), PERIOD))
    click(values, "App")
    period.value = "2026-09"
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before


def test_controls_speak_the_language_of_the_workspace(ops):
    box = explore_causes(open_workspace(ops.inputs.folder, lang="zh-CN"), PERIOD)
    kpi, period, against, dimension, path, values, _ = parts(box)
    assert [control.description for control in (kpi, period, against, dimension)] == ["指标", "时段", "对比", "维度"]
    assert [name for name, _ in against.options][:3] == ["历史推算的预期", "上一期", "去年同期"]
    click(values, "应用")
    assert labels(path) == ["全部", "应用"]


def test_names_are_text_on_card_and_buttons(tmp_path):
    ops = open_workspace(workspace(tmp_path / "evil", app=EVIL), lang="en")
    *_, path, values, card = parts(explore_causes(ops, PERIOD))
    click(values, EVIL)
    assert labels(path) == ["Everything", EVIL]
    assert "<script" not in card.value and "&lt;script&gt;" in card.value


class Counted(Workspace):
    """A workspace that knows how often it was asked about its root causes."""

    asked = 0

    def root_cause(self, *args, **options):
        """As ever, and counted."""
        self.asked += 1
        return super().root_cause(*args, **options)


def test_every_click_computes_once(ops):
    counted = Counted(ops.inputs, lang="en")
    *_, values, _ = parts(explore_causes(counted, PERIOD))
    assert counted.asked == 2  # what is flagged, then the first card
    click(values, "App")
    assert counted.asked == 3
