"""The kinds of tile a dashboard can have: a class each, registered by being imported here."""

from evaluation.views.tile_kinds import courses, goals, notes, numbers, parts_of_lists, records, splits

__all__ = ["courses", "goals", "notes", "numbers", "parts_of_lists", "records", "splits"]
