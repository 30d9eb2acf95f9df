"""A JupyterLab of its own on loopback: settings of its own, a token, and no process left when it ends."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

PORT = 8899
"""Asked for first: the browser keeps what is not on disk yet by address, so the address had better stay the same."""
UP_SECONDS = 60
END_SECONDS = 20

_PRESENTER = Path(__file__).resolve().parent / "presenter"
_KERNEL = {
    "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Python 3",
    "language": "python",
}
_LAB = {
    "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True, "windowingMode": "none"},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # JupyterLab asks every new kernel for a thread for widgets; one that dies meanwhile leaves an error in the page.
    "@jupyterlab/apputils-extension:kernels-settings": {"commsOverSubshells": "disabled"},
}
_OFF = (
    "@jupyterlab/application-extension:dirty",  # asks whether unsaved changes may be lost; the meeting has none
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/extensionmanager-extension:plugin",
)


class ServerError(Exception):
    """JupyterLab did not start, or ended by itself; its argument is the reason, one line."""


@contextmanager
def serving(folder: Path, notebook: str, *, port: int | None = None) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A JupyterLab that shows one notebook to whoever has its address; afterwards it and its kernels are gone.

    The settings are in files that only their owner can read, not in the command, which everybody on a machine can.

    Args:
        folder: For everything Jupyter keeps; the notebook is in its folder ``root``.
        notebook: Its file name.
        port: The only one to use; None = `PORT`, or another where it is taken.

    Yields:
        The process, and the address with its token.

    Raises:
        ServerError: It does not start; says why.
    """
    page = f"doc/tree/{quote(notebook)}"
    token = secrets.token_urlsafe(24)
    try:
        server, url = _up(folder, page, token, port)
    except ServerError:
        if port is not None:
            raise
        server, url = _up(folder, page, token, 0)  # somebody may take a port between the look at it and its use
    try:
        yield server, f"{url}{page}?token={token}"
    finally:
        _end(server)


def _up(folder: Path, page: str, token: str, port: int | None) -> tuple[subprocess.Popen[bytes], str]:
    """A JupyterLab that answers, and its address; port 0 is any that is free."""
    _write_settings(folder, _server(folder, page, token, port))
    log = folder / "jupyter.log"
    with log.open("wb") as out:
        server = subprocess.Popen(  # noqa: S603 - nothing of it comes from data
            [sys.executable, "-m", __name__, str(folder)],
            cwd=folder / "root",
            env=_places(folder),
            stdin=subprocess.PIPE,  # its end tells the server that we are gone, however we went
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C is ours: the server ends in order, after us
        )
    try:
        return server, _address(server, folder / "runtime", token, log)
    except BaseException:
        _end(server)
        raise


def _server(folder: Path, page: str, token: str, port: int | None) -> dict[str, Any]:
    return {
        "ServerApp": {
            "ip": "127.0.0.1",
            "port": PORT if port is None else port,
            "port_retries": 50 if port is None else 0,
            "root_dir": str(folder / "root"),
            "open_browser": False,
            "allow_root": True,
            "terminals_enabled": False,
            "log_level": "ERROR",
        },
        "IdentityProvider": {"token": token},
        "NotebookNotary": {"data_dir": str(folder)},
        "LabApp": {
            "default_url": f"/{page}",
            "extra_labextensions_path": [str(_PRESENTER)],
            "user_settings_dir": str(folder / "settings"),
            "workspaces_dir": str(folder / "workspaces"),
            "news_url": None,
            "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "extension_manager": "readonly",
        },
    }


def _write_settings(folder: Path, server: dict[str, Any]) -> None:
    files = {
        "config/jupyter_server_config.json": server,
        "config/labconfig/default_setting_overrides.json": _LAB,
        "config/labconfig/page_config.json": {"disabledExtensions": dict.fromkeys(_OFF, True)},
        "share/kernels/python3/kernel.json": _KERNEL,
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    (folder / "runtime").mkdir(mode=0o700, exist_ok=True)


def _places(folder: Path) -> dict[str, str]:
    """The environment of the server: a person's own settings stay out, extensions and kernels of all stay in reach."""
    first = {"JUPYTER_CONFIG_PATH": folder / "config", "JUPYTER_PATH": folder / "share"}
    paths = {name: os.pathsep.join(filter(None, [str(own), os.environ.get(name)])) for name, own in first.items()}
    own = {"JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
    return {**os.environ, **paths, **own}


def _address(server: subprocess.Popen[bytes], runtime: Path, token: str, log: Path) -> str:
    """Where it answers; the file it tells that in is there a moment before it listens."""
    until = time.monotonic() + UP_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError, ValueError):  # not there yet, or half written
            told = json.loads((runtime / f"jpserver-{server.pid}.json").read_text(encoding="utf-8"))
            if _answers(told["port"], token):
                return str(told["url"])
        time.sleep(0.1)
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise ServerError(lines[-1].rpartition("] ")[2] if lines else f"> {UP_SECONDS} s")


def _answers(port: int, token: str) -> bool:
    """Whether what listens on a port knows the token, and so is ours."""
    asked = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", "/api/status", headers={"Authorization": f"token {token}"})
        return asked.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()


def _end(server: subprocess.Popen[bytes]) -> None:
    """End it and wait; a second Ctrl-C meanwhile changes nothing, so that nothing is left."""
    before = {name: signal.signal(name, signal.SIG_IGN) for name in (signal.SIGINT, signal.SIGTERM)}
    if server.stdin is not None:
        server.stdin.close()
    try:
        server.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    for name, handler in before.items():
        signal.signal(name, handler)


def serve(folder: Path) -> None:
    """Be the server: run JupyterLab until it ends, is told to end, or whoever started it is gone.

    Args:
        folder: Everything it keeps; deleted when its owner can no longer do so.
    """
    from jupyterlab.labapp import LabApp

    alone = threading.Event()

    def follow() -> None:
        sys.stdin.read()
        alone.set()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, daemon=True).start()
    try:
        LabApp.launch_instance(argv=[])
    finally:
        if alone.is_set():
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
