"""A letter in HTML, as text. What it says is kept; nothing of it is ever shown as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SILENT = {"script", "style", "head", "title", "template", "noscript", "svg", "object"}
BREAKS = {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "hr"}
LONGEST = 1_000_000  # characters that are looked at


def text_of(html: str) -> str:
    reader = _Reader()
    reader.feed(html[:LONGEST])
    reader.close()
    text = "".join(reader.said)
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.silent = 0
        self.link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent += 1
        if tag in BREAKS:
            self.said.append("\n- " if tag == "li" else "\n")
        if tag in {"td", "th"}:
            self.said.append(" ")
        if tag == "a":
            self.link = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        if tag in BREAKS - {"br", "hr"}:
            self.said.append("\n")
        if tag == "a":
            # Where a link really leads is said: the words over it may say something else.
            if self.link.startswith(("http://", "https://")) and self.link not in "".join(self.said[-3:]):
                self.said.append(f" <{self.link[:300]}>")
            self.link = ""

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data.replace("\n", " ").replace("\r", " "))
