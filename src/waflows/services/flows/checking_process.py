"""The program of a process that checks Flow JSON: it reads jobs and writes responses.

It is started by `services.flows.checking` and ends when its standard input is closed, which happens
when the server ends in any way. It has no settings, and uses neither files nor a network.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from waflows import bounds
from waflows.errors import InvalidFlowJson, OutOfRange
from waflows.flowjson import lint
from waflows.services.flows import texts
from waflows.services.flows.checking import LENGTH, Done, Job
from waflows.services.flows.texts import FlowText
from waflows.storage.flows import StoredText

_MOST_MEMORY = 1024 * 1024 * 1024
_NICENESS = 5


def main() -> None:
    """Does jobs until its input ends."""
    # Ctrl-C in a terminal is for the server, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = _MOST_MEMORY if hard == resource.RLIM_INFINITY else min(_MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    bounds.limit_digits()
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Reads jobs from one stream and writes responses to another."""
    while head := jobs.read(LENGTH.size):
        (size,) = LENGTH.unpack(head)
        job = msgspec.msgpack.decode(jobs.read(size), type=Job)
        done = msgspec.structs.replace(_done(job), size=_memory())
        answer = msgspec.msgpack.encode(done)
        answers.write(LENGTH.pack(len(answer)))
        answers.write(answer)
        answers.flush()
        del job, done, answer


def _done(job: Job) -> Done:
    text = job.text.decode("utf-8", "surrogatepass")
    try:
        if not job.kept:
            return Done(report=lint(text, version=job.version))
        return Done(kept=_without_text(texts.check_now(text)))
    except InvalidFlowJson as error:
        return Done(not_json=error.message)
    except OutOfRange as error:
        return Done(out_of_range=error.message)
    except MemoryError:
        return Done(out_of_range="flowJson needs more memory than a check may use.")


def _without_text(kept: FlowText) -> FlowText:
    """The same without an uncompressed text, which the server has already."""
    return msgspec.structs.replace(kept, stored=StoredText("", kept.stored.packed))


def _memory() -> int:
    """The process's resident size. `getrusage` would count that of the server before the fork."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:  # no Linux
        return 0
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
