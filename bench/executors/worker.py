"""The worker process: takes packs from a pipe, carries them out, sends back what they gave.

It is started as a program of its own (`python -m bench.executors.worker FD`), so that a user's script needs no guard
against being imported again, and a crash or the memory killer takes a pack with it and nothing else.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from multiprocessing.connection import Connection

from bench.errors import UserError
from bench.executors.messages import Done, Failed, Measure, Measured, Message, Order, Progress, Setting
from bench.masking import masked

TICK = 0.2  # seconds between two messages of progress


def serve(connection: Connection) -> None:
    """Work until the other side hangs up."""
    import torch

    from bench.executors.workshop import Workshops
    from bench.registry import load_plugin
    from bench.states import StateMissing, States
    from bench.training.devices import prepare

    setting: Setting = connection.recv()
    device = prepare(setting.device)
    for plugin in setting.plugins:
        load_plugin(plugin)
    states = States(setting.states)
    workshops = Workshops(states, device)
    while True:
        try:
            order: Order | Measure = connection.recv()
        except EOFError:
            return
        try:
            workshop = workshops.at(order.place)
            answer: Message
            torch.set_num_threads(order.threads if isinstance(order, Order) else 1)
            if isinstance(order, Measure):
                answer = Measured(workshop.calibrate(order.training, order.seed, order.most))
            else:
                answer = Done(workshop.run(order.tasks, _Reporter(connection)))
        except UserError as error:
            answer = Failed(str(error), "input")
        except StateMissing as error:
            answer = Failed(f"the state {error} is not stored any more", "state")
        except (MemoryError, torch.OutOfMemoryError) as error:
            answer = Failed(f"out of memory: {_first_line(error)}", "memory")
        except Exception as error:
            memory = "not enough memory" in str(error) or "can't allocate" in str(error)
            message = f"{type(error).__name__}: {_first_line(error)}"
            answer = Failed(message, "memory" if memory else "error", traceback.format_exc())
        connection.send(answer)


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0]


class _Reporter:
    """Sends progress now and then; a message a batch would cost more than the batch."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._steps = 0
        self._sent = time.monotonic()

    def __call__(self, replica_steps: int) -> None:
        self._steps += replica_steps
        if time.monotonic() - self._sent >= TICK:
            self._connection.send(Progress(self._steps))
            self._steps = 0
            self._sent = time.monotonic()


def main() -> None:
    # Ctrl-C reaches the whole process group; it is for the driver to say what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    try:
        serve(connection)
    except (BrokenPipeError, ConnectionResetError):
        os._exit(1)  # the driver is gone; there is nobody left to tell
    except Exception as error:
        sys.exit(masked("".join(traceback.format_exception(error))))


if __name__ == "__main__":
    main()
