"""What people may say of a cause: whether it is known, and who can change it."""

BASES = ("fact", "guess")
CONTROLS = ("controllable", "influence", "escalate")
