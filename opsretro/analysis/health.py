"""Team health in plain functions on plain frames: `from opsretro import health`."""

from opsretro.analysis.health_publish import publish

__all__ = ["publish"]
