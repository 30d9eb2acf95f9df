"""Published worked examples of process-behaviour charts, and a slow, obvious reading of the rules to compare with."""

from itertools import pairwise
from math import isnan

FLOW = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
"""NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.2.2, "Example of moving range": ten batches."""

LOAN_COSTS = [310, 288, 297, 298, 307, 303, 294, 297, 308, 306, 294, 299, 297, 299, 314, 295, 293, 306, 301, 304]
"""Montgomery, Introduction to Statistical Quality Control, example 6.5: cost of processing a mortgage, 20 weeks."""

TRIAL = "34.05 34.40 33.59 35.96 34.70 33.51 33.79 34.04 34.52 33.75 33.27 33.71 34.03 34.58 34.02 33.97 34.05 34.04"
LATER = "34.39 33.75 33.40 33.27 34.65 34.80 34.55 35.40 34.75 34.50 34.70 34.29 34.61 34.49 35.03"
VISCOSITY = [float(cell) for cell in f"{TRIAL} 33.73 34.05 {LATER}".split()]
"""R package qcc, data/viscosity.txt (from Montgomery, 5th ed., pp. 232-235): 35 batches, the first 20 preliminary."""

RULES = ("beyond", "two_of_three", "run7", "run8", "trend7")


def is_missing(value):
    return value is None or isnan(value)


def limits_by_hand(values, baseline_n, *, screen=True):
    """Mean and limits, written from the definition with plain lists; None when fewer than 8 values are present."""
    base = values[:baseline_n]
    present = [value for value in base if not is_missing(value)]
    ranges = [abs(b - a) for a, b in pairwise(base) if not is_missing(a) and not is_missing(b)]
    if len(present) < 8 or not ranges:
        return None
    mean_range = sum(ranges) / len(ranges)
    kept = [size for size in ranges if size < 3.267 * mean_range] if screen else ranges
    mean_range = sum(kept) / len(kept) if kept else mean_range
    mean = sum(present) / len(present)
    return mean, mean - 2.66 * mean_range, mean + 2.66 * mean_range


def flags_by_hand(values, mean, lower, upper):
    """Flagged positions by rule: looks at every group of neighbours and asks what the rule's words ask."""
    present = [position for position, value in enumerate(values) if not is_missing(value)]
    flags = {rule: set() for rule in RULES}
    flags["beyond"] = {position for position in present if values[position] > upper or values[position] < lower}
    for rule, size in (("two_of_three", 3), ("run7", 7), ("run8", 8), ("trend7", 7)):
        for start in range(len(present) - size + 1):
            group = present[start : start + size]
            flags[rule] |= _flagged(rule, group, [values[position] for position in group], mean, lower, upper)
    return flags


def _flagged(rule, group, y, mean, lower, upper):
    one_side = all(value > mean for value in y) or all(value < mean for value in y)
    if rule == "two_of_three":
        high, low = mean + (upper - mean) * 2 / 3, mean - (mean - lower) * 2 / 3
        outer = {place for place, value in zip(group, y, strict=True) if high < value <= upper or lower <= value < low}
        return outer if one_side and len(outer) >= 2 else set()
    if rule == "trend7":
        pairs = list(pairwise(y))
        return set(group) if all(a < b for a, b in pairs) or all(a > b for a, b in pairs) else set()
    return set(group) if one_side else set()


def raised_by_hand(values, baseline_n, rules=("beyond", "two_of_three", "run8")):
    """Cut the series after every month and ask whether its last month is flagged."""
    limits = limits_by_hand(values, baseline_n)
    raised = []
    for newest in range(baseline_n, len(values)) if limits else ():
        flags = flags_by_hand(values[: newest + 1], *limits)
        if any(newest in flags[rule] for rule in rules):
            raised.append(newest)
    return tuple(raised)
