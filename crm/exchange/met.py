"""Which row of a file something was met in first.

It takes 24 bytes for each where a dict takes a hundred: a file may have a million rows, and each says several things.
"""

from __future__ import annotations

from array import array


class Met:
    """A table with open addressing. Things are told apart by their hash, and are as many as fill half of it."""

    def __init__(self, size: int = 1 << 12) -> None:
        self.hashes, self.rows = array("Q", bytes(8 * size)), array("I", bytes(4 * size))
        self.mask, self.room = size - 1, size // 2

    def first(self, thing: object, row: int) -> int:
        """The row that this was met in first: the given one, if it never was."""
        key = hash(thing) & 0xFFFF_FFFF_FFFF_FFFF or 1  # nothing stands for an empty place
        place = self._place(key)
        if self.hashes[place]:
            return self.rows[place]
        if not self.room:
            self._grow()
            place = self._place(key)
        self.hashes[place], self.rows[place] = key, row
        self.room -= 1
        return row

    def _place(self, key: int) -> int:
        hashes, mask = self.hashes, self.mask
        place = key & mask
        while (there := hashes[place]) and there != key:
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        hashes, rows = self.hashes, self.rows
        self.__init__(2 * len(hashes))  # type: ignore[misc]
        for key, row in zip(hashes, rows, strict=True):
            if key:
                place = self._place(key)
                self.hashes[place], self.rows[place] = key, row
                self.room -= 1
