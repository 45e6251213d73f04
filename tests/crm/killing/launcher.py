"""Starts real Celery workers from one warm process, so that twenty restarts cost seconds instead of minutes.

Reads a line from standard input for each worker wanted and answers with its process id, which is also its
process group. A worker is forked before any connection exists.
"""

import os
import signal
import sys

import django


def main() -> None:
    django.setup()
    from crm.celery import app

    app.loader.import_default_modules()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead need no burial
    arguments = ["worker", "--concurrency", "2", "--loglevel", "warning"]
    arguments += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(2, 1)  # the banner is not an answer
            app.worker_main(arguments)
            os._exit(0)
        print(pid, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
