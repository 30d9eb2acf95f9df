"""Exploring team health as an analyst does: a real JupyterLab on loopback, a real browser, notebook 04."""

import pytest
from browsing import skip_without_chromium
from playwright.sync_api import expect
from test_explore_in_browser import lab, run_to_its_end

skip_without_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["lab"]

CARD = ".opsretro-card[data-dimension]"


@pytest.fixture(scope="module")
def notebook(lab):
    with run_to_its_end(lab, "04_team_health.ipynb", card=CARD) as page:
        yield page


def test_a_group_that_is_picked_changes_the_card(notebook):
    notebook.locator(".widget-dropdown select").first.select_option(label="增长组")
    expect(notebook.locator(f"{CARD} h3").first).to_contain_text("增长组", timeout=20_000)


def test_a_group_that_may_not_be_shown_this_month_says_so(notebook):
    notebook.locator(".widget-dropdown select").first.select_option(label="客服组")
    expect(notebook.locator(CARD).first).to_contain_text("没有可以展示的结果", timeout=20_000)


def test_no_cell_of_the_notebook_fails_or_warns(notebook):
    trouble = notebook.locator('[data-mime-type="application/vnd.jupyter.stderr"]')
    assert trouble.all_inner_texts() == []
