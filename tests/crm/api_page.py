"""docs/api.md as it is read: its examples in order, curl translated strictly, answers compared as they are shown."""

from __future__ import annotations

import http.client
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SITE = "http://localhost:8000"
SOME = "…"  # something that varies; in an object or a list: there is more
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
ID = range(41, 100)  # these stand for the ids of one's own answers, the page says


@dataclass
class Block:
    language: str
    text: str


def blocks(page: str) -> list[Block]:
    return [Block(*found) for found in FENCE.findall(page)]


@dataclass
class Call:
    """One curl command. Whatever it says that is not known here is an error of the page."""

    url: str = ""
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    shows_head: bool = False


def commands(block: str, variables: dict[str, str]) -> Iterator[Call]:
    """The calls of a shell block; assignments go into `variables` unless the test has set them before."""
    for words in _lines(block):
        assigned = re.fullmatch(r"([A-Z]+)=(.*)", words[0]) if len(words) == 1 else None
        if assigned:
            variables.setdefault(*assigned.groups())
        else:
            yield call_of([_filled(word, variables) for word in words])


def _lines(block: str) -> Iterator[list[str]]:
    """The words of each command; a quoted text may go on over several lines."""
    begun = ""
    for line in block.replace("\\\n", " ").splitlines():
        begun += line + "\n"
        try:
            words = shlex.split(begun, comments=True)
        except ValueError:  # a quotation is not closed yet
            continue
        begun = ""
        if words:
            yield words
    assert not begun, f"A quotation is not closed: {begun}"


def _filled(word: str, variables: dict[str, str]) -> str:
    if "$" not in word:
        return word
    assert word.startswith("$"), f"A variable stands alone: {word}"
    return variables[word[1:]]


def call_of(words: list[str]) -> Call:
    assert words[0] == "curl", words
    call, rest = Call(), iter(words[1:])
    for word in rest:
        match word:
            case "-i":
                call.shows_head = True
            case "-X":
                call.method = next(rest)
            case "-H":
                name, _colon, value = next(rest).partition(": ")
                call.headers[name] = value
            case "--json":
                call.body = next(rest)
                call.headers |= {"Content-Type": "application/json", "Accept": "application/json"}
            case "-d":
                call.body = next(rest) if call.body is None else f"{call.body}&{next(rest)}"
                call.headers["Content-Type"] = "application/x-www-form-urlencoded"
            case _:
                assert word.startswith(SITE), f"curl {word} is not known here."
                assert not call.url, words
                call.url = word
    assert call.url, words
    call.method = call.method or ("GET" if call.body is None else "POST")
    return call


@dataclass
class Answer:
    status: int
    reason: str
    headers: dict[str, str]
    body: str


class Reader:
    """Who follows the page with another server and its ids."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.ids: dict[int, int] = {}

    def send(self, call: Call) -> Answer:
        address = urlsplit(call.url)
        path = "/".join(self._own(part, strictly=True) for part in address.path.split("/"))
        query = urlencode([(name, self._own(value)) for name, value in parse_qsl(address.query)])
        body = call.body
        if body is not None and call.headers["Content-Type"] == "application/json":
            body = json.dumps(self._own_ids(json.loads(body)))
        connection = http.client.HTTPConnection(urlsplit(self.server).netloc, timeout=30)
        try:
            target = urlunsplit(("", "", path, query, ""))
            connection.request(call.method, target, body.encode() if body else None, call.headers)
            response = connection.getresponse()
            text = response.read().decode().replace(self.server, SITE)
            headers = {name: value.replace(self.server, SITE) for name, value in response.getheaders()}
            return Answer(response.status, response.reason, headers, text)
        finally:
            connection.close()

    def _own(self, word: str, strictly: bool = False) -> str:
        if not word.isdigit() or (not strictly and int(word) not in ID):
            return word
        return str(self.ids[int(word)])

    def _own_ids(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._own_ids(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._own_ids(each) for each in value]
        return self.ids[value] if type(value) is int and value in ID else value

    def compare(self, block: Block, answer: Answer) -> None:
        shown = block.text
        if block.language == "http":
            head, _blank, shown = shown.partition("\n\n")
            status, *headers = head.splitlines()
            assert status == f"HTTP/1.1 {answer.status} {answer.reason}"
            for line in headers:
                name, _colon, value = line.partition(": ")
                self.equal(value, answer.headers.get(name), name)
        else:
            assert 200 <= answer.status < 300, f"{answer.status}: {answer.body}"
        if shown.strip():
            self.equal(parsed(shown), json.loads(answer.body), "")

    def equal(self, shown: Any, real: Any, where: str) -> None:
        told = f"{where or 'The answer'}: the page shows {shown!r}, the answer says {real!r}"
        if shown == SOME:
            return
        if isinstance(shown, dict):
            assert isinstance(real, dict), told
            names = [name for name in shown if name != SOME]
            assert set(names) == set(real) if SOME not in shown else set(names) <= set(real), told
            for name in names:
                self.equal(shown[name], real[name], f"{where}.{name}".strip("."))
        elif isinstance(shown, list):
            assert isinstance(real, list), told
            there = [each for each in shown if each != SOME]
            assert len(there) == len(real) if len(there) == len(shown) else len(there) <= len(real), told
            for number, each in enumerate(there):
                self.equal(each, real[number], f"{where}.{number}".strip("."))
        elif type(shown) is int and shown in ID:
            assert type(real) is int, told
            assert self.ids.setdefault(shown, real) == real, told
        elif isinstance(shown, str) and isinstance(real, str):
            assert self._pattern(shown).fullmatch(real), told
        else:
            assert (type(shown), shown) == (type(real), real), told

    def _pattern(self, shown: str) -> re.Pattern[str]:
        """`…` is anything; an id between slashes is one's own."""
        own = re.sub(r"(?<=/)(\d+)(?=/)", lambda found: self._own(found[1]), shown)
        return re.compile(".*".join(re.escape(part) for part in own.split(SOME)), re.S)


def parsed(shown: str) -> Any:
    """JSON in which a bare … may stand for a value, or for what else there is in an object or a list."""
    parts = re.split(r'("(?:[^"\\]|\\.)*")', shown)
    told = [part if number % 2 else part.replace(SOME, f'"{SOME}"') for number, part in enumerate(parts)]
    return json.loads(re.sub(rf'(?<=[{{,])(\s*)"{SOME}"(\s*)(?=}})', rf'\1"{SOME}": "{SOME}"\2', "".join(told)))
