"""Servers on loopback that take messages, and those that take their time: real sockets, a thread each."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

OPSRETRO = Path(sys.executable).with_name("opsretro")
NOT_OURS = ("OPSRETRO_NOTIFY_URLS", "OPSRETRO_NOTIFY_SECONDS", "OPSRETRO_REPORT_URL")


def command(*words, urls=(), seconds=20, **more):
    """The real command with these addresses; what it said, its exit code and the seconds it took."""
    env = {name: value for name, value in os.environ.items() if name not in NOT_OURS and "proxy" not in name.lower()}
    env |= {"OPSRETRO_NOTIFY_SECONDS": str(seconds)} | ({"OPSRETRO_NOTIFY_URLS": " ".join(urls)} if urls else {})
    began = time.monotonic()
    done = subprocess.run(
        [OPSRETRO, *map(str, words)], env=env | more, capture_output=True, text=True, check=False, timeout=120
    )
    done.seconds = time.monotonic() - began
    return done


class _Taker(BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(json.loads(text))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def taker(status=200):
    """A server that takes JSON: its address for apprise, and what it got."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taker)
    server.got, server.status = [], status
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/hook-a1B2c3D4e5", server.got
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def holder(drip=b""):
    """A server that takes every call and never answers, or answers a byte a second, for ever: host and port."""
    ending, held = threading.Event(), []
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)

    def drop(call):
        while not ending.wait(1):
            try:
                call.sendall(drip)
            except OSError:
                return

    def hold():
        while not ending.is_set():
            try:
                call = listening.accept()[0]
            except OSError:
                return
            held.append(call)
            if drip:
                threading.Thread(target=drop, args=(call,), daemon=True).start()

    threading.Thread(target=hold, daemon=True).start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ending.set()
        for each in (listening, *held):
            each.close()


def closed_port():
    """A host and port nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


async def _smtp(got, reader, writer):
    async def say(line):
        writer.write(line + b"\r\n")
        await writer.drain()

    await say(b"220 sink")
    while line := (await reader.readline()).strip():
        verb = line[:4].upper()
        got["said"].append(line.decode())
        if verb == b"EHLO":
            await say(b"250-sink\r\n250 AUTH LOGIN PLAIN")
        elif verb == b"AUTH":
            await say(b"235 ok")
        elif verb == b"DATA":
            await say(b"354 go on")
            data = await reader.readuntil(b"\r\n.\r\n")
            got["mails"].append(message_from_bytes(data[:-5], policy=policy.default))
            await say(b"250 ok")
        else:
            await say(b"221 bye" if verb == b"QUIT" else b"250 ok")
    writer.close()


@contextmanager
def mail_sink():
    """An SMTP server: its port, and what it was told (``said``, ``mails``)."""
    got, loop, ready = {"said": [], "mails": []}, asyncio.new_event_loop(), threading.Event()

    async def serve():
        server = await asyncio.start_server(lambda r, w: _smtp(got, r, w), "127.0.0.1", 0)
        got["port"] = server.sockets[0].getsockname()[1]
        ready.set()

    def run():
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield got["port"], got
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def senders(pid, seconds=60):
    """The processes that send messages for a command, once they are there."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if len(found := [child for child in processes() if is_sender(child, pid)]) > 1:
            return found
        time.sleep(0.05)
    raise AssertionError("no process began to send")


def processes():
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def is_sender(child, pid):
    """Whether a process is the one a command started to send its messages, or one below it."""
    try:
        words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(pid).encode() in words and any(word.endswith(b"/notify_send.py") for word in words)


def are_gone(children, seconds=5):
    """Whether processes end within some seconds; one that only waits to be reaped is gone."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(map(_lives, children)):
            return True
        time.sleep(0.05)
    return False


def _lives(child):
    try:
        return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def killed(process):
    """End a command the hard way."""
    process.send_signal(signal.SIGKILL)
    process.wait(10)
