"""LIVE: what reacts while people look at it."""
