"""Where the jobs of many teams are carried out: processes of this machine, or the workers of a dask cluster."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from typing import Any

from opsretro.errors import InputError, Problem
from opsretro.monthly.hiding import hide
from opsretro.monthly.options import THREADS
from opsretro.monthly.publish import remove_left_behind
from opsretro.monthly.reuse import code
from opsretro.monthly.team_job import GONE, OVER, Job, Spread, Told, carried_out, lost
from opsretro.monthly.template import TEMPLATE, can_fork
from opsretro.monthly.warm import WARM

ANSWER = 15.0
"""Seconds a scheduler and its first worker have to answer."""
ALONE = 60.0
"""Seconds without any worker after which the teams that are left are given up."""
RETRIES = 3
"""Times a job is tried again that a worker refused; one whose worker was lost the scheduler gives to others itself."""


def local(jobs_at_once: int) -> Spread:
    """Carry jobs out on this machine.

    Args:
        jobs_at_once: Teams that run at the same time.

    Returns:
        What takes the jobs, and somebody to tell of each event with its team.
    """

    def spread(jobs: Sequence[Job], told: Told) -> None:
        if can_fork():
            TEMPLATE.start(WARM)  # before there are threads
        heard: SimpleQueue[tuple[str, Mapping[str, Any]]] = SimpleQueue()
        pool = ThreadPoolExecutor(jobs_at_once if can_fork() else 1)
        try:
            for job in jobs:
                pool.submit(_hear, job, heard)
            left = len(jobs)
            while left:
                team, event = heard.get()
                left -= event["event"] == OVER
                told(team, event)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            TEMPLATE.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            TEMPLATE.rest()
            for job in jobs:  # of a run that was stopped
                remove_left_behind(job.out, job.month)

    return spread


def _hear(job: Job, heard: SimpleQueue[tuple[str, Mapping[str, Any]]]) -> None:
    """Carry a job out; its last event comes whatever happens."""
    for event in _whole(job.order()):
        heard.put((job.team, event))


def _whole(order: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    try:
        yield from carried_out(order)
    except Exception as error:
        yield lost(hide(f"{type(error).__name__}: {error}".splitlines()[0]))


def work(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a worker does: carry a job out, and tell of it when it is over.

    Raises:
        RuntimeError: The worker has other code than who asks; nothing was done.
    """
    if order["code"] != code():
        raise RuntimeError("opsretro is another version on this worker")
    for name in THREADS:
        os.environ.setdefault(name, "1")
    return list(_whole(order))


def on_cluster(address: str) -> Spread:
    """Carry jobs out on the workers of a dask scheduler; they see the same folders as this machine.

    Args:
        address: ``tcp://host:8786``.

    Returns:
        What takes the jobs, and somebody to tell of each event with its team.
    """

    def spread(jobs: Sequence[Job], told: Told) -> None:
        with _client(address) as client:
            orders = {job.team: {**job.order(), "code": code()} for job in jobs}
            asked = {
                client.submit(work, order, key=f"{name}-{order['options']['run']}", pure=False, retries=RETRIES): name
                for name, order in orders.items()
            }
            try:
                for name, events in _results(client, asked):
                    for event in events:
                        told(name, event)
            except BaseException:
                client.cancel(list(asked))  # those that run already end by themselves
                raise

    return spread


def check_cluster(address: str) -> None:
    """Find out whether a scheduler answers and has a worker, before anything is run.

    Raises:
        InputError: It does not, or distributed is not installed; there is no silent way round.
    """
    with _client(address):
        return


def _connected(address: str) -> Any:
    import distributed

    connect: Any = distributed.Client
    return connect(address, timeout=ANSWER)


def _within(seconds: float, do: Callable[[], Any]) -> Any:
    """What a call gives, if it ends in time; a server that takes it and says nothing holds its thread, and nobody else.

    Raises:
        TimeoutError: It did not.
    """
    given: SimpleQueue[Any] = SimpleQueue()

    def go() -> None:
        try:
            given.put((do(), None))
        except Exception as error:  # handed to whoever waits
            given.put((None, error))

    threading.Thread(target=go, daemon=True).start()
    try:
        value, error = given.get(timeout=seconds + 1)
    except Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value


@contextmanager
def _client(address: str) -> Iterator[Any]:
    if find_spec("distributed") is None:
        raise InputError([Problem(code="no_distributed", source="--cluster")])
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    values = {"value": hide(address), "seconds": f"{ANSWER:g}"}
    try:
        client = _within(ANSWER, partial(_connected, address))
    except (OSError, ValueError, TypeError, RuntimeError, ImportError):
        raise InputError([Problem(code="no_cluster", source="--cluster", values=values)]) from None
    try:
        try:
            client.wait_for_workers(1, timeout=ANSWER)
        except (TimeoutError, OSError):
            raise InputError([Problem(code="no_worker", source="--cluster", values=values)]) from None
        yield client
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=5)


def _results(client: Any, asked: Mapping[Any, str]) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    """What became of each job, as they end; those of a cluster that is gone are given up."""
    import distributed

    wait: Any = distributed.wait
    left, seen = dict(asked), time.monotonic()
    while left:
        with contextlib.suppress(TimeoutError):
            wait(list(left), timeout=2, return_when="FIRST_COMPLETED")
        for future in [future for future in left if future.done()]:
            yield left.pop(future), _result(future)
        if client.status == "running" and client.scheduler_info(n_workers=-1)["workers"]:
            seen = time.monotonic()
        elif time.monotonic() - seen > ALONE:
            yield from ((name, [lost(GONE)]) for name in left.values())
            return


def _result(future: Any) -> Sequence[Mapping[str, Any]]:
    try:
        events: Sequence[Mapping[str, Any]] = future.result(timeout=ANSWER)
    except Exception as error:  # the worker could not even begin, or died each time
        return [lost(hide(f"{type(error).__name__}: {json.dumps(str(error), ensure_ascii=False)[1:200]}"))]
    return events
