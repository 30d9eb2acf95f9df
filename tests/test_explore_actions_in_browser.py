"""Exploring the actions as a facilitator does: a real JupyterLab on loopback, a real browser, notebook 05."""

import pytest
from browsing import skip_without_chromium
from playwright.sync_api import expect
from test_explore_in_browser import lab, run_to_its_end

skip_without_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["lab"]

CARD = ".opsretro-card[data-action]"


@pytest.fixture(scope="module")
def notebook(lab):
    with run_to_its_end(lab, "05_retro_meeting.ipynb", card=CARD) as page:
        yield page


def test_an_action_that_is_picked_changes_the_card(notebook):
    notebook.locator(".widget-dropdown select").first.select_option(label="客服早晚班改为错峰排班")
    expect(notebook.locator(f"{CARD} h3").first).to_contain_text("错峰排班", timeout=20_000)
    expect(notebook.locator(CARD).first).to_contain_text("见效")


def test_another_start_is_told_to_be_supposed(notebook):
    day = notebook.locator(".widget-datepicker input").first
    day.fill("2026-08-10")
    day.press("Enter")
    expect(notebook.get_by_text("假设：行动项从这里选的日期起生效。")).to_be_visible(timeout=20_000)


def test_no_cell_of_the_notebook_fails_or_warns(notebook):
    trouble = notebook.locator('[data-mime-type="application/vnd.jupyter.stderr"]')
    assert trouble.all_inner_texts() == []
