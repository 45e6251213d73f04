"""A formula as text and as a tree. Nothing is looked up here: what names and functions mean is for `compiling`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _

from crm.models.custom_field import CustomField

LONGEST = CustomField.LONGEST_FORMULA
DEEPEST = 30
LONGEST_NUMBER = 20
# What keyboards for Chinese type, and the quotation marks of word processors.
WIDE = str.maketrans("（），＋－＊／＜＞＝", "(),+-*/<>=")
TOKEN = re.compile(
    r"""(?P<number>[0-9]+(\.[0-9]+)?)
    |(?P<text>"[^"]*"|'[^']*'|“[^”]*”)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign><=|>=|<>|!=|==|[-+*/(),<>=])""",
    re.VERBOSE | re.ASCII,
)
SAME_AS = {"==": "=", "<>": "!="}
COMPARING = ("=", "!=", "<", "<=", ">", ">=")


class Refused(Exception):
    """What is wrong, and at which character, counted from 1."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(what, at)
        self.what, self.at = what, at

    def __str__(self) -> str:
        return _("Character %(at)s: %(what)s") % {"at": self.at, "what": self.what}


@dataclass(frozen=True, slots=True)
class Literal:
    value: Decimal | str | bool
    at: int
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    """A function, or an operator by its sign."""

    name: str
    args: tuple[Node, ...]
    at: int
    depth: int


Node = Literal | Name | Call


class Token(NamedTuple):
    kind: str  # number, text, word, sign, end
    text: str
    at: int


@lru_cache(1000)
def read(text: str) -> Node:
    """The tree of a formula; `Refused` where it is none."""
    if len(text) > LONGEST:
        raise Refused(_("A formula has at most %(count)s characters.") % {"count": LONGEST}, LONGEST + 1)
    return Reader(list(_tokens(text))).whole()


def names_in(node: Node) -> Iterator[Name]:
    if isinstance(node, Name):
        yield node
    elif isinstance(node, Call):
        for arg in node.args:
            yield from names_in(arg)


def _tokens(text: str) -> Iterator[Token]:
    plain, place = text.translate(WIDE), 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        found = TOKEN.match(plain, place)
        if found is None:
            said = _("“%(text)s” cannot stand here.") % {"text": text[place]}
            if text[place] in "\"'“":
                said = _("A quotation mark is missing.")
            raise Refused(said, place + 1)
        kind = str(found.lastgroup)
        # A text keeps the wide signs that somebody wrote in it.
        token = Token(kind, text[place : found.end()] if kind == "text" else found[0], place + 1)
        if kind == "number" and len(token.text) > LONGEST_NUMBER:
            raise Refused(_("The number is too large."), token.at)
        yield token
        place = found.end()
    yield Token("end", "", len(text) + 1)


class Reader:
    """Recursive descent, one method for each strength of binding, the weakest first."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place, self.open = tokens, 0, 0

    def whole(self) -> Node:
        found = self.either()
        if self.now.kind != "end":
            raise self.unexpected()
        return found

    # Operators -----------------------------------------------------------------------------------------------------

    def either(self) -> Node:
        found = self.both()
        while at := self.takes("word", "or"):
            found = self.call("or", at, found, self.both())
        return found

    def both(self) -> Node:
        found = self.negated()
        while at := self.takes("word", "and"):
            found = self.call("and", at, found, self.negated())
        return found

    def negated(self) -> Node:
        if at := self.takes("word", "not"):
            return self.call("not", at, self.deeper(self.negated))
        return self.comparison()

    def comparison(self) -> Node:
        found = self.sum()
        sign = SAME_AS.get(self.now.text, self.now.text)
        if self.now.kind == "sign" and sign in COMPARING:
            at = self.step().at
            found = self.call(sign, at, found, self.sum())
        return found

    def sum(self) -> Node:
        found = self.product()
        while self.now.kind == "sign" and self.now.text in ("+", "-"):
            sign = self.step()
            found = self.call(sign.text, sign.at, found, self.product())
        return found

    def product(self) -> Node:
        found = self.signed()
        while self.now.kind == "sign" and self.now.text in ("*", "/"):
            sign = self.step()
            found = self.call(sign.text, sign.at, found, self.signed())
        return found

    def signed(self) -> Node:
        if at := self.takes("sign", "-"):
            return self.call("negative", at, self.deeper(self.signed))
        return self.single()

    # What stands between them ----------------------------------------------------------------------------------------

    def single(self) -> Node:
        token = self.now
        if token.kind == "number":
            return Literal(Decimal(self.step().text), token.at)
        if token.kind == "text":
            return Literal(self.step().text[1:-1], token.at)
        if token.kind == "word" and token.text.lower() not in ("and", "or", "not"):
            return self.word(self.step())
        if at := self.takes("sign", "("):
            found = self.deeper(self.either)
            self.closes(at)
            return found
        raise self.unexpected()

    def word(self, token: Token) -> Node:
        word = token.text.lower()
        at = self.takes("sign", "(")
        if not at:
            return Literal(word == "true", token.at) if word in ("true", "false") else Name(word, token.at)
        args: list[Node] = []
        if not self.takes("sign", ")"):
            args.append(self.deeper(self.either))
            while self.takes("sign", ","):
                args.append(self.deeper(self.either))
            self.closes(at)
        return self.call(word, token.at, *args)

    def call(self, name: str, at: int, *args: Node) -> Call:
        depth = 1 + max((arg.depth for arg in args), default=0)
        if depth > DEEPEST:
            raise self.too_deep(at)
        return Call(name, args, at, depth)

    # Steps -----------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> Token:
        return self.tokens[self.place]

    def step(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def takes(self, kind: str, text: str) -> int:
        """The place of this token if it stands here, and on; otherwise 0."""
        return self.step().at if self.now.kind == kind and self.now.text.lower() == text else 0

    def closes(self, opened_at: int) -> None:
        if not self.takes("sign", ")"):
            if self.now.kind == "end":
                raise Refused(_("This bracket is never closed."), opened_at)
            raise self.unexpected()

    def deeper(self, read: Callable[[], Node]) -> Node:
        """Brackets in brackets cost the reader its own stack before there is a tree to measure."""
        self.open += 1
        if self.open > DEEPEST:
            raise self.too_deep(self.now.at)
        found = read()
        self.open -= 1
        return found

    def unexpected(self) -> Refused:
        if self.now.kind == "end":
            return Refused(_("Something is missing here."), self.now.at)
        return Refused(_("“%(text)s” cannot stand here.") % {"text": self.now.text}, self.now.at)

    def too_deep(self, at: int) -> Refused:
        return Refused(_("At most %(count)s steps inside each other.") % {"count": DEEPEST}, at)
