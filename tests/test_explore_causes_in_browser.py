"""The drill-down as an analyst uses it: a real JupyterLab on loopback, a real browser, the root causes' notebook."""

import re

import pytest
from browsing import skip_without_chromium
from playwright.sync_api import expect
from test_explore_in_browser import lab, run_to_its_end

skip_without_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["lab"]

NOTEBOOK = "03_root_cause.ipynb"
CARD = ".opsretro-card[data-kpi]"


@pytest.fixture(scope="module")
def notebook(lab):
    with run_to_its_end(lab, NOTEBOOK, card=CARD) as page:
        yield page


def test_a_click_on_a_value_looks_inside_its_slice_and_the_path_leads_back(notebook):
    title = notebook.locator(f"{CARD} h3").first
    expect(title).to_contain_text("转化率")
    whole = title.text_content()  # what JupyterLab has scrolled out of sight has no inner text
    notebook.get_by_role("button", name=re.compile("^小程序")).first.click()
    expect(title).to_contain_text("小程序", timeout=20_000)
    notebook.get_by_role("button", name="全部", exact=True).click()
    expect(title).to_have_text(whole, timeout=20_000)


def test_another_comparison_changes_the_card(notebook):
    words = notebook.locator(f"{CARD} .say").first
    notebook.locator(".widget-dropdown select").nth(2).select_option(label="上一期")
    expect(words).to_contain_text("上月", timeout=20_000)


def test_the_trees_of_the_team_are_drawn(notebook):
    assert notebook.get_by_text("鱼骨图：转化率").count() >= 1


def test_no_cell_of_the_notebook_fails_or_warns(notebook):
    trouble = notebook.locator('[data-mime-type="application/vnd.jupyter.stderr"]')
    assert trouble.all_inner_texts() == []
