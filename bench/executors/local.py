"""Worker processes on this machine: as many as there are cores for a CPU, one for another device."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait

from bench.executors.messages import Done, Failed, Measure, Measured, Message, Order, Progress, Setting

Answer = Done | Measured | Failed


class LocalWorker:
    """One process that carries out one pack at a time. It is started when first needed, and again when it died."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def start(self) -> None:
        """Begin to start the process; importing its libraries takes a while and need not be waited for."""
        if self._process is not None and self._process.poll() is None and self._connection is not None:
            return
        self.stop()
        ours, theirs = multiprocessing.Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.executors.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        theirs.close()
        self._connection = ours
        self.send(self._setting)

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("the worker was not started")
        return self._connection

    def send(self, message: Setting | Order | Measure) -> None:
        """Hand something over. That the process is gone is found out when its answer is read."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(message)

    def receive(self) -> Message:
        """The next message; a failure when the process has died."""
        try:
            message: Message = self.connection.recv()
        except (EOFError, ConnectionResetError):
            code = self._process.wait() if self._process else 0
            self._connection = None
            # Linux's memory killer ends processes too, hence a narrower pack may succeed.
            return Failed(f"the worker process died ({_end(code)})", "died")
        return message

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Crew:
    """Workers that are given something to do one by one, and heard out together."""

    def __init__(self, setting: Setting, size: int) -> None:
        self._idle = [LocalWorker(setting) for _ in range(size)]
        self._busy: list[LocalWorker] = []
        self.size = size

    def start(self) -> None:
        for worker in self._idle:
            worker.start()

    @property
    def idle(self) -> int:
        return len(self._idle)

    def submit(self, question: Order | Measure) -> LocalWorker:
        """Give an idle worker something to do; it is the name under which the answer comes."""
        worker = self._idle.pop()
        worker.start()
        worker.send(question)
        self._busy.append(worker)
        return worker

    def answers(self, progress: Callable[[int], None], seconds: float) -> Iterator[tuple[LocalWorker, Answer]]:
        """Wait, at most so long, until a worker has said something; those that have finished, with what they say."""
        speaking = {worker.connection: worker for worker in self._busy}
        for connection in wait(list(speaking), seconds):
            worker = speaking[connection]  # type: ignore[index]  # wait gives back what it was given
            message = worker.receive()
            if isinstance(message, Progress):
                progress(message.replica_steps)
            else:
                self._busy.remove(worker)
                self._idle.append(worker)
                yield worker, message

    def stop(self) -> None:
        for worker in [*self._idle, *self._busy]:
            worker.stop()


def _end(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
