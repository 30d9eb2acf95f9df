"""The retro meeting in a plain JupyterLab, without the presenter: its notebook is run by hand, and run again."""

import psutil
import pytest
from browsing import need_chromium, skip_without_chromium
from meeting_lab import MONTH, state, until, without_drafts
from playwright.sync_api import expect
from test_explore_in_browser import lab, run_all, run_to_its_end  # noqa: F401 - a fixture

skip_without_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = "05_retro_meeting.ipynb"
STAGE = ".opsretro-meeting"
CARD = "Refund takes too long"
DRAFT = "还没写完"


@pytest.fixture(scope="module")
def workspace(lab, tmp_path_factory):  # noqa: F811 - the fixture
    """The folder with the tables beside the notebooks, without the meeting of the month."""
    need_chromium()
    folder = next(iter(tmp_path_factory.getbasetemp().glob("lab*/data")))
    for old in (folder / "meetings").glob(f"{MONTH}.*"):
        old.unlink()
    return folder


@pytest.fixture(scope="module")
def page(lab, workspace):  # noqa: F811 - the fixture
    with run_to_its_end(lab, NOTEBOOK, card=f"{STAGE} h1") as page:
        yield page


@pytest.fixture(scope="module")
def box(page):
    return page.locator(f"{STAGE} .om-field-card textarea")


def kernel_of(workspace):
    """The kernel of this JupyterLab: its connection file lies in the same folder."""
    own = f"-f {workspace.parent}"
    return next(one for one in psutil.process_iter(["cmdline"]) if own in " ".join(one.info["cmdline"] or []))


def test_a_card_is_written_in_the_notebook(page, box, workspace):
    page.locator(f"{STAGE} .om-do-phase-result").click()
    expect(page.locator(f"{STAGE} h1")).to_have_text("做的事带来了什么结果？")
    page.locator(f"{STAGE} .om-do-next").click()
    box.fill(CARD)
    box.press("Enter")
    until(page, lambda: [card.text for card in state(workspace).cards] == [CARD])


@pytest.mark.parametrize("key", ["x", "d", "b", "Delete", "Escape"])
def test_no_single_key_on_the_meeting_touches_the_notebook(page, workspace, key):
    cells, before = page.locator(".jp-Cell").count(), without_drafts(state(workspace))
    page.locator(f"{STAGE} .om-do-start").focus()
    page.keyboard.press(key)
    page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert page.locator(".jp-Cell").count() == cells
    assert without_drafts(state(workspace)) == before


def test_a_killed_kernel_is_told_and_typing_goes_on(page, box, workspace):
    box.fill(DRAFT)
    until(page, lambda: state(workspace).drafts.get("card") == DRAFT)
    kernel_of(workspace).kill()
    banner = page.get_by_role("alert").filter(visible=True)
    expect(banner).to_contain_text("运行")
    dismissed(page)
    box.press_sequentially("，接着写")
    page.evaluate(f"document.querySelector('{STAGE} .om-do-reveal').click()")
    expect(box).to_have_value(f"{DRAFT}，接着写")


def test_after_run_all_everything_is_back_and_nothing_was_pressed(page, box, workspace):
    run_all(page, f"{STAGE}:not(.om-lost) h1")
    expect(box).to_have_value(f"{DRAFT}，接着写")
    until(page, lambda: state(workspace).drafts.get("card") == f"{DRAFT}，接着写")
    assert [card.text for card in state(workspace).cards] == [CARD]
    assert state(workspace).board("kpt").stage == "write"


def test_after_a_reload_everything_is_back(page, box, workspace):
    before = without_drafts(state(workspace))
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    run_all(page, f"{STAGE}:not(.om-lost) h1")
    expect(box).to_have_value(f"{DRAFT}，接着写")
    assert without_drafts(state(workspace)) == before


def dismissed(page):
    """JupyterLab's own dialog about the kernel lies over everything."""
    for button in page.locator(".jp-Dialog button").all():
        button.click(timeout=2_000)
