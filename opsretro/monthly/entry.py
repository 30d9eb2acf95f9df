"""What papermill finds under its entry point: a light stand-in, because papermill loads every engine when it starts."""

from __future__ import annotations

from typing import Any


class OpsretroEngine:
    """papermill's `--engine opsretro`; the engine itself is loaded with the first notebook."""

    @staticmethod
    def execute_notebook(nb: Any, kernel_name: str, **given: Any) -> Any:
        """Run a notebook; see `opsretro.monthly.engine.ForkEngine`."""
        from opsretro.monthly.engine import ForkEngine

        return ForkEngine.execute_notebook(nb, kernel_name, **given)

    @staticmethod
    def nb_kernel_name(nb: Any, name: str | None = None) -> str:
        """Name of the notebook's kernel, as papermill finds it."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @staticmethod
    def nb_language(nb: Any, language: str | None = None) -> str:
        """Language of the notebook, as papermill finds it."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))
