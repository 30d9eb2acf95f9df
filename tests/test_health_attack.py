"""The attack on published survey cells: tiny cases with known answers, every world listed, and the engine sampled."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import health as bench
import health_worlds as worlds
from health_attack import STATES, Cell, attack


def people(values, **groups):
    """Units of one month: answers, and the groups as one letter a person."""
    return pd.DataFrame(
        {"month": "m", "value": list(map(int, values))} | {key: list(row) for key, row in groups.items()}
    )


def cell(units, mask, slack=0, bands=()):
    """The total of some people, give or take `slack`."""
    members = np.asarray(mask, dtype=bool)
    total = int(units["value"].to_numpy()[members].sum())
    counts = tuple((a, b, int(units["value"][members].between(a, b).sum())) for a, b in bands)
    return Cell(members, total - slack, total + slack, counts)


def found(leaks):
    return sorted((leak.kind, leak.n, leak.what) for leak in leaks)


def values_of(units, cells):
    """Every answer sheet that agrees with the cells: all 5 to the n of them, listed."""
    sheets = np.array(list(itertools.product(range(1, 6), repeat=len(units))))
    fits = np.ones(len(sheets), dtype=bool)
    for each in cells:
        inside = sheets[:, each.members]
        fits &= (each.low <= inside.sum(axis=1)) & (inside.sum(axis=1) <= each.high)
        for first, last, count in each.bands:
            fits &= ((first <= inside) & (inside <= last)).sum(axis=1) == count
    return sheets[fits]


def listed(units, cells, attributes, known):
    """What is forced, by listing: people with one answer, people with one state, small groups by their members."""
    sheets = values_of(units, cells)
    sheets = sheets[(sheets[:, known] == units["value"].to_numpy()[known]).all(axis=1)]
    rest = np.flatnonzero(~known)
    answers = sum(len(set(sheets[:, person])) == 1 for person in rest)
    states = [STATES[name][sheets - 1] for name in ("favourable", "unfavourable")]
    forced_states = sum(len(set(state[:, person])) == 1 for person in rest for state in states)
    groups = set()
    for mask in small_sets(units, attributes, known):
        sums = {name: STATES[name][sheets - 1][:, list(mask)].sum(axis=1) for name in STATES}
        groups |= {(mask, name) for name, values in sums.items() if len(set(values)) == 1}
    return answers, forced_states, len(groups)


def small_sets(units, attributes, known):
    """Sets of 1 to 4 people that values of two attributes name, or of one."""
    sets = set()
    subsets = {
        a: [c for k in range(1, 9) for c in itertools.combinations(sorted(set(units[a])), k)] for a in attributes
    }
    for a, b in itertools.combinations_with_replacement(attributes, 2):
        for one, other in itertools.product(subsets[a], subsets[b]):
            sets.add(tuple(np.flatnonzero(units[a].isin(one) & units[b].isin(other) & ~known)))
    return {each for each in sets if 1 <= len(each) <= 4}


def counted(leaks):
    n = {kind: sum(leak.n for leak in leaks if leak.kind == kind) for kind in ("answer", "state")}
    return n["answer"], n["state"], sum(leak.kind == "group" for leak in leaks)


def test_five_who_all_answer_five_are_all_known():
    units = people("55555", team="aaaaa")
    leaks = attack(units, [cell(units, [1] * 5)], ["team"])
    # A total of 25 leaves 5 for each of the five.
    assert found(leaks) == [("answer", 5, "answer 5"), ("state", 5, "favourable"), ("state", 5, "not unfavourable")]


def test_one_below_the_top_still_says_that_everybody_is_favourable():
    units = people("55545", team="aaaaa")
    # 24 of 25: one of the five answered 4, nobody knows which; 3 is out of reach, and so is 2.
    leaks = found(attack(units, [cell(units, [1] * 5)], ["team"]))
    assert leaks == [("state", 5, "favourable"), ("state", 5, "not unfavourable")]


def test_a_remainder_of_one_is_known():
    units = people("434342", team="aaaaab")
    leaks = found(attack(units, [cell(units, [1] * 6), cell(units, [1] * 5 + [0])], ["team"]))
    # 20 less 18 is the 2 of the one in team b.
    assert [leak for leak in leaks if leak[0] == "answer"] == [("answer", 1, "answer 2")]
    assert ("group", 1, "total of team=b") in leaks


def test_a_remainder_of_one_stays_open_when_the_totals_are_rounded():
    units = people("434342", team="aaaaab")
    leaks = attack(units, [cell(units, [1] * 6, 1), cell(units, [1] * 5 + [0])], ["team"])
    # 19 to 21 less 18: the one in b answered 1, 2 or 3, which still is not favourable.
    assert found(leaks) == [("group", 1, "favourable of team=b"), ("state", 1, "not favourable")]


def test_bands_force_a_group_that_the_total_leaves_open():
    units = people("4442433332", team="aaaabbbbbb")
    whole = cell(units, [1] * 10, 0, [(1, 2), (3, 3), (4, 5)])
    leaks = found(attack(units, [whole, cell(units, [0] * 4 + [1] * 6, 0, [(1, 2), (3, 3), (4, 5)])], ["team"]))
    # Favourable 4 less 1, unfavourable 2 less 1, total 32 less 18 of the four.
    assert leaks == [("group", 4, f"{name} of team=a") for name in ("favourable", "total", "unfavourable")]


def test_two_attributes_name_a_group_in_a_remainder():
    units = people("44443333", team="aaaabbbb", tenure="nooonooo")
    cells = [cell(units, units["tenure"] == "o"), cell(units, [1] * 8)]
    # Everybody less the old hands is the two newcomers, one of each team: a total of 7.
    assert ("group", 2, "total of tenure=n") in found(attack(units, cells, ["team", "tenure"]))


def test_who_knows_the_own_answer_knows_the_other_four():
    units = people("12345", team="aaaaa")
    leaks = found(attack(units, [cell(units, [1] * 5)], ["team"], known=np.arange(5) == 0))
    assert leaks == [("group", 4, "total of team=a")]


def test_windows_of_three_months_give_a_month_away():
    units = pd.concat([people("1234", team="aaaa").assign(month=month) for month in "abc"], ignore_index=True)
    both = units["month"] != "c"
    leaks = attack(units, [cell(units, [1] * 12), cell(units, both)], ["team"])
    assert [(leak.month, leak.what) for leak in leaks] == [("c", "total of team=a")]


def test_an_untrue_cell_is_refused():
    units = people("55555", team="aaaaa")
    with pytest.raises(ValueError, match=r"^a published cell disagrees with the answers$"):
        attack(units, [Cell(np.ones(5, dtype=bool), 5, 5)], ["team"])


@pytest.mark.parametrize("seed", range(20))
def test_the_attack_agrees_with_every_world_listed(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 7))
    units = people(rng.choice([1, 3, 4, 5, 5], n), team=rng.choice(list("abc"), n), tenure=rng.choice(list("no"), n))
    bands = ((), ((1, 2), (3, 5)), ((1, 3), (4, 5)))
    masks = [np.ones(n), *(units[name] == value for name in ("team", "tenure") for value in set(units[name]))]
    cells = [
        cell(units, mask, int(rng.integers(0, 2)), bands[rng.integers(0, 3)]) for mask in masks if rng.random() < 0.6
    ]
    known = np.arange(n) == (0 if seed % 3 == 0 else -1)
    leaks = attack(units, cells, ["team", "tenure"], known=known)
    assert counted(leaks) == listed(units, cells, ["team", "tenure"], known)


@pytest.mark.parametrize(("n", "mean", "ties", "expected"), [
    (10, 3.2, "any", (32, 32)),  # 31.5 to 32.5
    (20, 3.2, "any", (63, 65)),  # 3.15 and 3.25 are halves
    (20, 3.2, "even", (63, 65)),  # both go to the even 3.2
    (20, 3.3, "even", (66, 66)),  # 3.25 and 3.35 go elsewhere
    (20, 3.3, "up", (65, 66)),  # 3.25 goes up to 3.3, 3.35 to 3.4
    (24, 3.33, "any", (80, 80)),  # 79.8 to 80.04
])  # fmt: skip
def test_bounds_of_a_total_follow_from_the_rounded_mean(n, mean, ties, expected):
    assert bench.total_bounds(n, mean, int(len(str(mean)) - 2), ties) == expected


@pytest.mark.parametrize(("teams", "expected"), [
    ("aaaaaaaabbbbb", 3),  # 45 or 46, 28 and 18: nothing of fewer than 5
    ("aaaaaaaaaaaab", 1),  # 45 or 46, 43: the one in b answered 2 or 3, which is not favourable
])  # fmt: skip
def test_the_greedy_publisher_adds_teams_while_nothing_is_forced(teams, expected):
    units = people("4342343544343", team=teams)
    world = worlds.World(units.rename(columns={"value": "q1"}).assign(respondent=range(13)), ["team"], ["q1"])
    assert bench.greedy(world) == expected


def test_a_publisher_without_an_audit_is_caught():
    world = worlds.three_teams_and_tenure(np.random.default_rng(1))
    first = world._replace(answers=world.answers[world.answers["month"] <= "2026-02"], items=["q1"])
    assert bench.counted(bench.leaks_of(first, worlds.naive(first)))["groups"] > 0


@pytest.mark.parametrize(
    "name", ["24 in 11/8/5, two bands", "8 in one team", "near-unanimous team", "two teams of five"]
)
def test_the_engine_forces_nothing_and_breaks_no_rule(name):
    world = (worlds.STRUCTURES | worlds.NASTY)[name](np.random.default_rng(20261202))
    months = bench.months_of(world, ["2026-06", "2026-07"])._replace(items=["q1", "q2", "q3"])
    published = bench.ours(months)
    assert bench.counted(bench.leaks_of(months, published)) == {"answers": 0, "states": 0, "groups": 0}
    assert not +bench.broken(months, published)


def test_the_engine_tells_nothing_to_who_knows_its_method():
    # Every sheet of five people: 126. Sheets published alike, reasons included, agree on nobody's answer or state.
    sheets, _, leaking, _ = bench.method_known((5,))
    assert (sheets, leaking) == (126, 0)
