"""causes.yaml: what is read from it, and everything that is refused, with its line."""

import re
from pathlib import Path

import pytest

from opsretro.errors import InputError
from opsretro.tables import sample
from opsretro.tables.people import named_people
from opsretro.tables.sample import story
from opsretro.tables.settings import read_settings
from opsretro.tables.trees import COLUMNS, read_cause_trees

STATIC = Path(sample.__file__).parent / "static"
HEAD = "trees:\n  - id: t1\n    kind: fishbone\n    month: 2026-10\n    kpi: gmv\n    problem: Sales fell\n"
CAUSE = "      - {category: product, cause: Slow page, basis: fact, control: influence}\n"
FISHBONE = f"{HEAD}    causes:\n{CAUSE}"
WHYS = """\
trees:
  - id: t2
    kind: 5-whys
    month: 2026-10
    kpi: gmv
    problem: {zh-CN: 下降, en: Fell}
    whys:
      - {why: One, basis: fact, control: controllable}
      - {why: Two, basis: guess, verify: Count it, control: escalate, slice: {device: android}}
"""
DEEP = """\
      - category: data
        cause: A
        basis: fact
        control: influence
        causes:
          - cause: B
            basis: fact
            control: influence
            causes: [{cause: C, basis: fact, control: influence}, {cause: D, basis: fact, control: influence}]
          - {cause: E, basis: fact, control: influence}
"""


def read(folder, text, people=()):
    path = folder / "causes.yaml"
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return read_cause_trees(path, people=people)


def exactly(*problems):
    """Pattern of the whole message."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return f"^{re.escape(' '.join([f'causes.yaml: {count}.', *problems]))}$"


def changed(old, new, text=FISHBONE):
    assert old in text
    return text.replace(old, new)


def test_a_fishbone_is_one_row_a_node_in_the_order_of_the_file(tmp_path):
    rows = read(tmp_path, f"{FISHBONE}{DEEP}")
    assert rows["text_en"].tolist() == ["Sales fell", "Slow page", "A", "B", "C", "D", "E"]
    assert rows["node"].tolist() == ["", "1", "2", "2.1", "2.1.1", "2.1.2", "2.2"]
    assert rows["parent"].tolist() == ["", "", "", "2", "2.1", "2.1", "2"]
    assert rows["depth"].tolist() == [0, 1, 1, 2, 3, 3, 2]


def test_a_root_is_a_cause_with_nothing_below_it(tmp_path):
    rows = read(tmp_path, f"{FISHBONE}{DEEP}")
    assert rows.loc[rows["is_root"], "text_en"].tolist() == ["Slow page", "C", "D", "E"]


def test_deeper_causes_are_of_the_category_of_the_cause_above(tmp_path):
    assert read(tmp_path, f"{FISHBONE}{DEEP}")["category"].tolist() == ["", "product", *["data"] * 5]


def test_each_why_lies_below_the_one_before_and_the_last_is_the_root(tmp_path):
    rows = read(tmp_path, WHYS)
    assert rows[["node", "parent", "depth", "is_root"]].to_numpy().tolist() == [
        ["", "", 0, False],
        ["1", "", 1, False],
        ["2", "1", 2, True],
    ]


def test_a_row_holds_what_the_file_says(tmp_path):
    row = read(tmp_path, WHYS).iloc[2]
    assert row[["tree", "kind", "month", "kpi"]].tolist() == ["t2", "whys", "2026-10", "gmv"]
    assert row[["basis", "verify_zh", "verify_en", "control"]].tolist() == ["guess", "Count it", "Count it", "escalate"]


def test_a_text_in_one_language_serves_both(tmp_path):
    rows = read(tmp_path, changed("{zh-CN: 下降, en: Fell}", "{zh-CN: 下降}", WHYS))
    assert rows.loc[0, ["text_zh", "text_en"]].tolist() == ["下降", "下降"]


def test_a_text_may_be_given_in_each_language(tmp_path):
    assert read(tmp_path, WHYS).loc[0, ["text_zh", "text_en"]].tolist() == ["下降", "Fell"]


def test_columns_and_types_are_the_same_with_and_without_trees(tmp_path):
    full, empty = read(tmp_path, FISHBONE), read(tmp_path, "")
    assert list(full) == list(empty) == list(COLUMNS)
    assert full.dtypes.astype(str).to_dict() == empty.dtypes.astype(str).to_dict()
    assert {str(full[name].dtype) for name in ("tree", "depth", "is_root")} == {"str", "int64", "bool"}


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "trees:\n", "trees: []\n", "\ufeff"])
def test_an_empty_file_has_no_trees(tmp_path, text):
    assert read(tmp_path, text).empty


@pytest.mark.parametrize("month", ["2026-10", '"2026-10"', "2026-10-01", "2026-10-31"])
def test_a_month_may_be_written_as_a_text_or_as_a_day(tmp_path, month):
    assert read(tmp_path, changed("2026-10", month)).loc[0, "month"] == "2026-10"


@pytest.mark.parametrize("word", ["no", "on", "618", "1e3", "0x1F", "2026-10-01"])
def test_an_id_stays_the_word_it_is(tmp_path, word):
    assert read(tmp_path, changed("id: t1", f"id: {word}")).loc[0, "tree"] == word


@pytest.mark.parametrize(
    ("written", "slice_"),
    [
        ("{device: android, city_tier: [t3, t2]}", "device=android & city_tier=t3|t2"),
        ("{device: android}", "device=android"),
        ("{version: 8.40, new: no, id: 007}", "version=8.40 & new=no & id=007"),
        ("{}", ""),
    ],
)
def test_a_slice_is_one_text_with_its_values_as_written(tmp_path, written, slice_):
    text = changed("control: influence", f"control: influence, slice: {written}")
    assert read(tmp_path, text).loc[1, "slice"] == slice_


def test_categories_of_its_own_have_names_in_both_languages(tmp_path):
    own = "    categories:\n      product: {zh-CN: 产品, en: Product}\n      people: 协作\n"
    row = read(tmp_path, changed("    causes:", f"{own}    causes:")).loc[1]
    assert row[["category", "category_zh", "category_en"]].tolist() == ["product", "产品", "Product"]


def test_a_usual_category_has_its_name_from_the_words(tmp_path):
    assert read(tmp_path, FISHBONE).loc[1, ["category_zh", "category_en"]].tolist() == ["", ""]


def test_markup_and_odd_letters_are_texts_like_others(tmp_path):
    text = changed("Slow page", '"<b>{lang}</b> \\u202e 100 % ＝SUM"')
    assert read(tmp_path, text).loc[1, "text_en"] == "<b>{lang}</b> \u202e 100 % ＝SUM"


def test_lines_of_a_long_text_are_joined(tmp_path):
    assert read(tmp_path, changed("Sales fell", ">\n      Sales\n      fell")).loc[0, "text_en"] == "Sales fell"


REFUSED = [
    # what is wrong, the file, the problem
    ("tab", changed("    kpi", "\tkpi"), "Row 5: a tab stands at the start of this line; indent with spaces."),
    (
        "full-width colon",
        changed("kpi: gmv", "kpi：gmv"),
        "Row 5: 'kpi：' needs a plain colon and a space after the name, as in 'title: …'; "
        "a full-width colon will not do.",
    ),
    (
        "no space",
        "trees:\n  - id:t1\n",
        "Row 2: 'id:t1' needs a plain colon and a space after the name, as in 'title: …'; "
        "a full-width colon will not do.",
    ),
    (
        "syntax",
        changed("Sales fell", "[Sales"),
        "Row 7: not valid YAML (expected ',' or ']', but got ':'); "
        "check the indentation, colons and quotation marks of this line.",
    ),
    (
        "control letter",
        changed("Sales", "\x07"),
        "Not valid YAML (unacceptable character #x0007: special characters are not allowed); "
        "check the indentation, colons and quotation marks of this line.",
    ),
    ("bytes", b"trees: \xff\xfe", "The file is not UTF-8; save it as UTF-8."),
    (
        "nesting",
        "trees: " + "[" * 2000,
        "The file is nested too deeply to be read; take out some levels.",
    ),
    ("twice", changed("kpi: gmv", "kpi: gmv\n    kpi: gmv"), "Row 6: the field 'kpi' is there twice; keep one."),
    (
        "misspelt",
        changed("basis:", "basic:"),
        "Row 8: 'basic' is not a field here; write 'basis'.",
    ),
    (
        "unknown",
        changed("kpi: gmv", "kpi: gmv\n    xyz: 1"),
        "Row 6: 'xyz' is not a field here; the fields are id, kind, month, kpi, problem, categories, causes, whys.",
    ),
    (
        "top",
        "- id: t1\n",
        "Row 1: there should be fields here, as in 'title: …'; write one a line.",
    ),
    (
        "no list",
        "trees: {id: t1}\n",
        "Column 'trees', row 1: there should be a list here; begin each of its items with '- '.",
    ),
    (
        "missing",
        changed("    kpi: gmv\n", ""),
        "Column 'kpi', row 2: it is missing or empty; write it, as in 'kpi: …'.",
    ),
    (
        "empty",
        changed("control: influence", "control: ~"),
        "Column 'control', row 8: it is missing or empty; write it, as in 'control: influence'.",
    ),
    (
        "empty text",
        changed("Slow page", "'  '"),
        "Column 'cause', row 8: it is missing or empty; write it, as in 'cause: …'.",
    ),
    (
        "no language filled",
        changed("Sales fell", "{en: }"),
        "Column 'problem', row 6: it is missing or empty; write it, as in 'problem: …'.",
    ),
    (
        "a value of a slice",
        changed("control: influence", "control: influence, slice: {device: }"),
        "Column 'device', row 8: it is missing or empty; write it, as in 'device: …'.",
    ),
    (
        "a list for a name",
        changed("kpi: gmv", "kpi: gmv\n    ? [a]\n    : b"),
        "Row 6: '?' is not a field here; the fields are id, kind, month, kpi, problem, categories, causes, whys.",
    ),
    (
        "kind",
        changed("kind: fishbone", "kind: bone"),
        "Column 'kind', row 3: 'bone' is not one of the words used here; write one of: fishbone, 5-whys.",
    ),
    (
        "basis",
        changed("basis: fact", "basis: opinion"),
        "Column 'basis', row 8: 'opinion' is not one of the words used here; write one of: fact, guess.",
    ),
    (
        "control",
        changed("control: influence", "control: none"),
        "Column 'control', row 8: 'none' is not one of the words used here; "
        "write one of: controllable, influence, escalate.",
    ),
    (
        "month",
        changed("2026-10", "2026-13"),
        "Column 'month', row 4: '2026-13' is not a month; write it as year-month, such as 2026-06.",
    ),
    (
        "usual category",
        changed("category: product", "category: weather"),
        "Column 'category', row 8: 'weather' is not one of the words used here; "
        "write one of: product, process, channel, market, data, capacity.",
    ),
    (
        "own category",
        changed("    causes:", "    categories: {people: 协作}\n    causes:"),
        "Column 'category', row 9: 'product' is not one of the words used here; write one of: people.",
    ),
    (
        "guess",
        changed("basis: fact", "basis: guess"),
        "Column 'verify', row 8: a guess needs a way to check it; write 'verify: …', "
        "or 'basis: fact' if it has been checked.",
    ),
    (
        "no causes",
        HEAD,
        "Column 'causes', row 2: the tree has no cause; add one, or take the tree out.",
    ),
    (
        "fields of the other kind",
        f"{FISHBONE}    whys: [{{why: W, basis: fact, control: influence}}]\n",
        "Column 'whys', row 9: a tree of the kind 'fishbone' has no such field; take it out, or change the kind.",
    ),
    (
        "a number for a text",
        changed("Slow page", "42"),
        "Column 'cause', row 8: this is no text; write one, in quotation marks where it looks like a number, "
        "or one a language as in '{ zh-CN: …, en: … }'.",
    ),
    (
        "a list for a text",
        changed("Slow page", "[a, b]"),
        "Column 'cause', row 8: this is no text; write one, in quotation marks where it looks like a number, "
        "or one a language as in '{ zh-CN: …, en: … }'.",
    ),
    (
        "language",
        changed("Sales fell", "{en: Fell, zh-cn: 下降}"),
        "Row 6: 'zh-cn' is not a field here; write 'zh-CN'.",
    ),
    (
        "person",
        changed("Slow page", "王总 and growth-2 were slow"),
        "Column 'cause', row 8: it names a person (王总, growth-2); a person is never a root cause: "
        "ask what in the process let it happen, and write that.",
    ),
    (
        "person as a category",
        changed("    causes:", "    categories: {product: 王总}\n    causes:"),
        "Column 'categories', row 7: it names a person (王总); a person is never a root cause: "
        "ask what in the process let it happen, and write that.",
    ),
    (
        "alias",
        changed("problem: Sales fell", "problem: &p {en: Fell}").replace("Slow page", "*p"),
        "Row 6: this repeats another part by an anchor (&, *); write it out.",
    ),
]


@pytest.mark.parametrize(("text", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_wrong_is_told_with_its_line_and_what_to_write(tmp_path, text, problem):
    with pytest.raises(InputError, match=exactly(problem)):
        read(tmp_path, text, people=["growth-2"])


@pytest.mark.parametrize("text", [case[1] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_wrong_is_told_in_chinese_as_well(tmp_path, text):
    try:
        read(tmp_path, text, people=["growth-2"])
    except InputError as refused:
        assert re.match("causes.yaml：?.*[一-龥].*。$", refused.text("zh-CN"))


def test_a_tree_of_five_levels_is_refused(tmp_path):
    text = changed(
        "{cause: D,", "{cause: D, causes: [{cause: F, basis: fact, control: influence, causes: [{}]}],", DEEP
    )
    problem = (
        "Column 'causes', row 16: causes lie deeper than 4 levels; end the branch here, or start a tree of its own"
    )
    with pytest.raises(InputError, match=exactly(f"{problem} for it.")):
        read(tmp_path, f"{HEAD}    causes:\n{text}")


def test_four_levels_are_read(tmp_path):
    text = changed("{cause: D,", "{cause: D, causes: [{cause: F, basis: fact, control: influence}],", DEEP)
    assert read(tmp_path, f"{HEAD}    causes:\n{text}")["depth"].max() == 4


@pytest.mark.parametrize("n", [1, 2, 7])
def test_one_to_seven_whys_are_read(tmp_path, n):
    line = "      - {why: One, basis: fact, control: controllable}\n"
    assert len(read(tmp_path, WHYS[: WHYS.index("      - ")] + line * n)) == n + 1


def test_eight_whys_are_too_many(tmp_path):
    line = "      - {why: One, basis: fact, control: controllable}\n"
    problem = "Column 'whys', row 8: 8 whys are more than 7; stop where the team can change something."
    with pytest.raises(InputError, match=exactly(problem)):
        read(tmp_path, WHYS[: WHYS.index("      - ")] + line * 8)


def test_every_tree_needs_its_own_id(tmp_path):
    problem = "Column 'id', row 9: 't1' is there more than once; every row needs its own."
    with pytest.raises(InputError, match=exactly(problem)):
        read(tmp_path, FISHBONE + FISHBONE.removeprefix("trees:\n"))


def test_all_problems_are_told_at_once_in_the_order_of_the_lines(tmp_path):
    text = changed("basis: fact", "basis: guess", changed("2026-10", "October", changed("kpi: gmv", "kpi:")))
    with pytest.raises(InputError, match=r"^causes.yaml: 3 problems. .*row 4: .*row 5: .*row 8: .*$"):
        read(tmp_path, text)


def test_a_tree_of_an_unknown_kind_has_its_causes_checked_as_well(tmp_path):
    with pytest.raises(InputError, match=r"^causes.yaml: 2 problems. .*row 3: 'bone'.*row 8: 'opinion'.*$"):
        read(tmp_path, changed("basis: fact", "basis: opinion", changed("kind: fishbone", "kind: bone")))


def test_an_alias_bomb_is_refused_before_it_can_grow(tmp_path):
    bomb = "a: &a {x: y}\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    with pytest.raises(InputError, match=r"^causes.yaml: 9 problems. Row 1: 'a' is not a field here"):
        read(tmp_path, bomb)


def test_a_cause_that_holds_itself_is_refused(tmp_path):
    text = changed("{category", "&c {causes: [*c], category")
    with pytest.raises(InputError, match=r"^causes.yaml: 1 problem. Not valid YAML|repeats another part"):
        read(tmp_path, text)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.mkdir", "!!python/name:os.system", "!env", "!!binary"])
def test_a_tag_runs_nothing_and_is_no_text(tmp_path, tag):
    with pytest.raises(InputError, match=r"^causes.yaml: 1 problem. Column 'cause', row 8: this is no text; .*$"):
        read(tmp_path, changed("Slow page", f"{tag} made"))
    assert [path.name for path in tmp_path.iterdir()] == ["causes.yaml"]


def test_a_person_may_check_a_guess(tmp_path):
    text = changed("basis: fact", "basis: guess, verify: ask growth-2")
    assert read(tmp_path, text, people=["growth-2"]).loc[1, "verify_en"] == "ask growth-2"


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    message = "causes.yaml: 1 problem. The file cannot be read (Is a directory); check its name and its permissions."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        read_cause_trees(tmp_path, people=())


def test_reading_twice_gives_the_same(tmp_path):
    assert read(tmp_path, f"{FISHBONE}{DEEP}").equals(read(tmp_path, f"{FISHBONE}{DEEP}"))


def sample_rows():
    owners = {f"{group}-{n}" for group, size in story.GROUPS.items() for n in range(1, size + 1)}
    return read_cause_trees(STATIC / "causes.yaml", people=owners)


def test_the_sample_holds_one_fishbone_and_one_ladder_of_whys_about_conversion():
    trees = sample_rows().groupby("tree", sort=False)
    assert trees["kind"].first().tolist() == ["fishbone", "whys"]
    assert trees["kpi"].unique().map(list).tolist() == [["conversion"], ["conversion"]]


def test_the_fishbone_of_the_sample_has_facts_and_guesses_of_four_categories():
    bones = sample_rows().query("kind == 'fishbone' and depth > 0")
    assert (5 <= len(bones) <= 7, bones["category"].nunique(), set(bones["basis"])) == (True, 4, {"fact", "guess"})


def test_the_sample_points_at_the_slice_that_was_planted():
    planted = " & ".join(f"{column}={value}" for column, value in story.BUG_SLICE.items())
    rows = sample_rows()
    assert rows.loc[rows["slice"] == planted, "tree"].nunique() == 2


def test_the_whys_of_the_sample_end_at_a_process_the_team_controls():
    whys = sample_rows().query("kind == 'whys'")
    assert (whys["depth"].max(), whys.iloc[-1]["control"], whys.iloc[-1]["is_root"]) == (4, "controllable", True)


def test_every_text_of_the_sample_is_in_both_languages():
    rows = sample_rows()
    assert (rows["text_zh"].str.contains("[一-龥]") & ~rows["text_en"].str.contains("[一-龥]")).all()
    assert (rows.query("basis == 'guess'")[["verify_zh", "verify_en"]] != "").all(axis=None)


def test_the_slices_of_the_sample_use_names_the_workspace_has_words_for():
    names = read_settings(STATIC)[0].names
    parts = {part for text in sample_rows()["slice"] for part in re.split(r" & |[=|]", text) if part}
    assert parts <= set(names)


def test_nobody_is_named_anywhere_in_the_sample():
    assert named_people((STATIC / "causes.yaml").read_text(encoding="utf-8"), ()) == []
