import contextlib
import hashlib
import json
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV

from crm.collecting import seldom_collecting
from crm.embedded import supervisor
from crm.embedded.beside import Beside, Failed

HURRY = 3  # seconds a web request may still take when everything stops


class Command(BaseCommand):
    help = "Runs everything on this machine: database, migrations, static files, web server, worker and beat."
    requires_system_checks: list[str] = []  # the children check what they run

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
        parser.add_argument("--beside", metavar="COMMAND", default="", help="to run while the database is prepared")

    def handle(self, *, port: int, host: str, no_demo: bool, beside: str, **options: Any) -> None:
        address = (host, port)
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(line_buffering=True)  # in a log, too, the line stands there while its work is done
        if not supervisor.is_free(address):
            raise CommandError(f"Port {port} of {host} is taken: stop what listens there, or choose another (--port).")
        try:
            with stopping_on_signals():
                with Beside(beside) as other, seldom_collecting():
                    self.prepare(demo=not no_demo, going_on=other.check)
                    other.finish()
                    self.collect_static()
                code = self.run(address)
        except Failed as failure:
            raise CommandError(str(failure)) from None
        except KeyboardInterrupt:
            code = 0
        sys.exit(code)

    def prepare(self, demo: bool, going_on: Callable[[], None]) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        going_on()
        call_command("createcachetable", verbosity=0)
        call_command("compile_translations", verbosity=0)
        going_on()
        if demo and "demo" in get_commands() and not get_user_model()._base_manager.exists():
            self.stdout.write("The database is empty: filling it with the demo organisation …")
            call_command("demo")
        for name in ("queue", "queue-control"):
            (settings.VAR_DIR / name).mkdir(parents=True, exist_ok=True)

    def collect_static(self) -> None:
        """Only when a static file or the way to store them has changed: it takes seconds."""
        if settings.DEBUG:
            return
        digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
        for finder in get_finders():
            for path, storage in finder.list([]):
                status = os.stat(storage.path(path))
                digest.update(f"{storage.location}/{path} {status.st_mtime_ns} {status.st_size}\n".encode())
        stamp = settings.VAR_DIR / "static-files.stamp"
        manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
        if stamp.exists() and manifest.exists() and stamp.read_text() == digest.hexdigest():
            return
        call_command("collectstatic", verbosity=0, interactive=False, clear=Path(settings.STATIC_ROOT).exists())
        stamp.write_text(digest.hexdigest())

    def run(self, address: tuple[str, int]) -> int:
        """Everything under one supervisor until it is told to stop or one of them ends."""
        host, port = address
        url = f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0', '::'} else host}:{port}"
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PUBLIC_URL": os.environ.get("PUBLIC_URL", url)}
        environment.pop(DJANGO_AUTORELOAD_ENV, None)
        # In a container everybody is root; one machine for one person needs no sermon about it at every start.
        environment.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser privileges")
        reachable = ("127.0.0.1" if host == "0.0.0.0" else host, port)
        printer = supervisor.ReadyPrinter(reachable, lambda: self.announce(url), sys.stdout)
        everything = supervisor.Supervisor(printer)
        for name, command in commands(address).items():
            everything.add_process(name, command, env=environment, cwd=str(settings.BASE_DIR))
        connections.close_all()  # what is forked must not share them
        everything.loop()
        return everything.exit_code()

    def announce(self, url: str) -> None:
        lines = ["", f"Yardstick CRM is at {url}"]
        try:
            logins = json.loads((settings.VAR_DIR / "demo-logins.json").read_text())
        except (OSError, ValueError):
            logins = []
        width = max((len(login["email"]) for login in logins), default=0)
        lines += [f"  {login['email']:{width}}  {login['password']}  {login['role']}" for login in logins]
        if not logins:
            lines.append("  Nobody but those you know can sign in; make an administrator: manage.py createsuperuser")
        self.stdout.write("\n".join([*lines, "Ctrl-C stops everything.", ""]))
        self.stdout.flush()


def commands(address: tuple[str, int]) -> dict[str, str]:
    host, port = address
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    quiet = ["--loglevel", "WARNING"]
    lonely = ["--without-gossip", "--without-mingle", "--without-heartbeat"]  # there is one worker
    schedule = ["--schedule", settings.VAR_DIR / "beat-schedule", "--pidfile="]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    web = ["crm.wsgi", "--bind", bind, "--workers", cores, "--preload", "--no-control-socket"]
    web += ["--graceful-timeout", HURRY, "--timeout", 60]
    return {
        "web": supervisor.script("gunicorn", *map(str, web)),
        "worker": supervisor.script("celery", "-A", "crm", "--quiet", "worker", "--concurrency", "2", *quiet, *lonely),
        "beat": supervisor.script("celery", "-A", "crm", "--quiet", "beat", *quiet, *schedule),
    }


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Being told to end, or losing the terminal, is the same as Ctrl-C; also where a shell that started it in the
    background had Ctrl-C ignored."""

    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)  # by then it may be honcho that hears it

    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: interrupt, signal.SIGHUP: interrupt}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
