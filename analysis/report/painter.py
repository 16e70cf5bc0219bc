"""A helper process that draws figures: takes tasks from a pipe and sends back what it has drawn.

It is started as a program of its own (`python -m analysis.report.painter FD`), so that a user's script needs no guard
against being imported again.
"""

from __future__ import annotations

import signal
import sys
from multiprocessing.connection import Connection

from analysis.figures.material import Material
from analysis.report.painting import Task, paint


def serve(connection: Connection) -> None:
    """Draw until the other side hangs up."""
    material: Material = connection.recv()
    while True:
        try:
            task: Task = connection.recv()
        except EOFError:
            return
        connection.send(paint(material, task))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the report's to deal with; it hangs up
    serve(Connection(int(sys.argv[1])))
