"""What may be shown of one item: held against the list of all possible worlds, for teams small enough to list them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, combinations_with_replacement, product

import numpy as np
import pytest
from health_cases import count

from opsretro.analysis.methods.disclosure import Reason, Shown, shown_cells
from opsretro.analysis.methods.disclosure_audit import SMALL, Audit
from opsretro.analysis.methods.disclosure_worlds import Count, Fact, Steps, can_be
from opsretro.errors import InputError

World = tuple[tuple[int, int, int], ...]
"""Sum, favourable and unfavourable answers of each class of people: all that can be told apart."""
Tags = Sequence[tuple[str, ...]]
"""The groups of each class."""

ONE: Tags = [()]
TWO: Tags = [("a",), ("b",)]
CROSSED: Tags = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]


def all_worlds(sizes: Sequence[int], top: int) -> dict[World, list[int]]:
    """Every world people can have answered in, with one way to answer like it."""
    sheets = product(*(combinations_with_replacement(range(top + 1), n) for n in sizes))
    steps = Steps(top=top)
    return {tuple(count(part, steps) for part in sheet): [a for part in sheet for a in part] for sheet in sheets}


def cells_of(sizes: Sequence[int], tags: Tags) -> dict[str, np.ndarray]:
    names = sorted({name for tag in tags for name in tag})
    cells = {name: np.repeat([name in tag for tag in tags], sizes) for name in names}
    return {"all": np.full(sum(sizes), True)} | cells


def certain(worlds: np.ndarray, sizes: Sequence[int]) -> list[str]:
    """What is the same in all of the worlds (world, class, count) and must not be: read off, nothing solved."""
    found = []
    for place, n in enumerate(sizes):
        for kind in (Count.FAVOURABLE, Count.UNFAVOURABLE):
            if set(worlds[:, place, kind]) in ({0}, {n}):
                found.append(f"class {place}: {kind.name}")
    for size in range(1, len(sizes) + 1):
        for union in combinations(range(len(sizes)), size):
            if sum(sizes[place] for place in union) < SMALL:
                totals = worlds[:, list(union)].sum(axis=1)
                found += [f"group {union}: {kind.name}" for kind in Count if len(set(totals[:, kind])) == 1]
    return found


def outcome(cells: Mapping[str, Shown]) -> tuple[object, ...]:
    """Everything a reader sees."""
    return tuple((name, s.n, s.mean, s.reason, str(s.bands)) for name, s in cells.items())


def outcomes(sizes: Sequence[int], top: int, tags: Tags) -> Iterator[np.ndarray]:
    """The worlds that look alike to everybody, one set an outcome."""
    alike = defaultdict(list)
    for world, answers in all_worlds(sizes, top).items():
        alike[outcome(shown_cells(np.array(answers), cells_of(sizes, tags), top))].append(world)
    return (np.array(worlds) for worlds in alike.values())


@pytest.mark.parametrize(
    ("sizes", "top", "tags"),
    [
        *[((n,), top, ONE) for n in (5, 6) for top in (1, 2, 3, 4)],
        ((10,), 1, ONE),
        *[((5, 5), 1, TWO), ((5, 4), 1, TWO), ((5, 1), 2, TWO), ((6, 2), 1, TWO)],
        *[((4, 1, 1), 1, CROSSED[:3])],
    ],
)
def test_nothing_is_certain_to_somebody_who_knows_how_it_is_decided(sizes, top, tags):
    # for every outcome all worlds with just this outcome, withheld cells and their reasons included
    for worlds in outcomes(sizes, top, tags):
        assert certain(worlds, sizes) == [], worlds.tolist()


@pytest.mark.parametrize(
    ("sizes", "top"), [((3,), 2), ((2, 1), 2), ((3, 2), 1), ((2, 5), 1), ((1, 1, 4), 1), ((4,), 4)]
)
def test_the_audit_agrees_with_the_list_of_all_worlds(sizes, top):
    rng = np.random.default_rng(7)
    worlds = np.array(list(all_worlds(sizes, top)))
    for _ in range(25):
        truth = worlds[rng.integers(len(worlds))].T
        audit, left = Audit(np.array(sizes), Steps(top=top), truth), worlds
        for _ in range(3):
            fact = random_fact(rng, truth)
            fits = fact.holds(left.transpose(0, 2, 1))
            assert audit.is_safe(fact) is (None if not fits.any() else not certain(left[fits], sizes))
            if holds_in(fact, truth):
                audit.add(fact)
                left = left[fits]


def random_fact(rng: np.random.Generator, truth: np.ndarray) -> Fact:
    """Something about some classes that holds, or, one time in five, need not."""
    members = rng.random(truth.shape[1]) < 0.7
    members[rng.integers(len(members))] = True
    kind = Count(int(rng.integers(3)))
    near = int(truth[kind, members].sum()) + (int(rng.integers(-2, 3)) if rng.random() < 0.2 else 0)
    return Fact(count=kind, members=members, low=near - int(rng.integers(2)), high=near + int(rng.integers(2)))


def holds_in(fact: Fact, truth: np.ndarray) -> bool:
    return bool(fact.holds(truth[None])[0])


@pytest.mark.parametrize(("n", "top"), [(1, 1), (3, 2), (4, 3), (3, 4), (2, 9)])
def test_can_be_is_exactly_what_people_can_answer(n, top):
    box = product(range(top * n + 1), range(-1, n + 2), range(-1, n + 2))
    listed = np.array(list(box))[:, :, None]
    possible = {tuple(world[0]) for world in all_worlds([n], top)}
    found = can_be(listed, np.array([n]), Steps(top=top))
    assert {tuple(map(int, world[:, 0])) for world in listed[found]} == possible


def shown(answers: Sequence[int], top: int = 4, **groups: Sequence[int]) -> dict[str, Shown]:
    members = {name: np.isin(np.arange(len(answers)), places) for name, places in groups.items()}
    return shown_cells(np.array(answers, dtype=int), {"all": np.full(len(answers), True)} | members, top)


MIXED = [3, 2, 1, 3, 2, 4, 1, 2, 3, 0, 2, 3]
"""Twelve people, of every opinion: 1 of them 1, 2 of them 2, 4 of them 3, 4 of them 4, 1 of them 5."""


def test_the_mean_is_the_mean_to_one_decimal():
    # 26 steps of 12 people: 1 + 26/12 = 3.1667
    assert shown(MIXED)["all"].mean == 3.2


def test_half_a_tenth_is_rounded_up():
    # 2.25 of 20 people: 25 steps, 1 + 25/20 = 2.25
    assert shown([1] * 12 + [2] * 5 + [3, 0, 0])["all"].mean == 2.3


def test_bands_count_everybody_once():
    bands = shown([*MIXED, *MIXED])["all"].bands
    assert bands == {"1-2": 6, "3": 8, "4-5": 10}


def test_nine_people_get_no_distribution_and_four_no_mean():
    assert (shown(MIXED[:9])["all"].mean is not None, shown(MIXED[:9])["all"].bands) == (True, None)
    assert shown(MIXED[:4])["all"] == Shown(n=4, reason=Reason.FEW)


@pytest.mark.parametrize("step", range(5))
@pytest.mark.parametrize("n", [5, 6, 12, 30])
def test_no_distribution_of_people_who_all_say_the_same(step, n):
    # "all of them favourable" would be everybody's state
    assert shown([step] * n)["all"].bands is None


@pytest.mark.parametrize("step", [0, 4])
def test_the_end_of_the_scale_is_never_a_mean(step):
    assert shown([step] * 40)["all"].reason is Reason.AUDIT


def test_no_category_is_empty_or_full_in_a_distribution():
    rng = np.random.default_rng(11)
    for _ in range(25):
        cell = shown(rng.integers(int(rng.integers(4)), 5, 14).tolist())["all"]
        assert cell.bands is None or (sum(cell.bands.values()) == 14 and not {0, 14} & {*cell.bands.values()})


def test_one_of_two_groups_is_withheld_when_the_other_has_four_people():
    found = shown([*MIXED[:5], *MIXED[:4]], a=range(5), b=range(5, 9))
    assert found["b"].reason is Reason.FEW
    assert found["a"].reason is Reason.COMPLEMENT


def test_two_teams_of_five_are_both_shown_when_their_answers_are_mixed():
    found = shown([3, 2, 1, 3, 2, 1, 3, 2, 2, 3], a=range(5), b=range(5, 10))
    assert {name: cell.mean is not None for name, cell in found.items()} == {"all": True, "a": True, "b": True}


def test_no_distribution_of_a_group_where_groups_cross():
    crossing = shown([*MIXED, *MIXED], a=range(12), b=range(12, 24), x=range(0, 24, 2), y=range(1, 24, 2))
    assert {name for name, cell in crossing.items() if cell.bands} == {"all"}


def test_a_group_in_two_names_is_decided_alike():
    found = shown([*MIXED, *MIXED], a=range(12), again=range(12))
    assert found["a"] == found["again"]


def test_the_decision_does_not_depend_on_the_order_of_people_or_of_groups():
    answers, rng = np.array(MIXED), np.random.default_rng(2)
    cells = {"all": np.full(12, True), "a": np.arange(12) < 6, "b": np.arange(12) >= 6}
    first = shown_cells(answers, cells, 4)
    order = rng.permutation(12)
    turned = shown_cells(answers[order], {name: cells[name][order] for name in reversed(cells)}, 4)
    assert {name: outcome({name: cell}) for name, cell in turned.items()} == {
        name: outcome({name: cell}) for name, cell in first.items()
    }


def test_groups_that_divide_people_too_finely_are_refused():
    # 40 people, each in a class of their own: 40 + 780 + 9,880 + 91,390 groups of one to four
    groups = {f"g{bit}": [i for i in range(40) if i >> bit & 1] for bit in range(6)}
    with pytest.raises(InputError, match=r"^groups: 1 problem\. The groups divide people into 40 kinds, too many"):
        shown([*MIXED, *MIXED, *MIXED, 1, 2, 3, 2], **groups)
