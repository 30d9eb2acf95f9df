"""RUN: the unattended month, from the check of the inputs to the published page."""
