"""RUN: the unattended month, from the check of the inputs to the published page."""

from opsretro.later import without_a_grammar

without_a_grammar()
