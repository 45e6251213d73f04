"""Fields that are worked out from others: docs/decisions/0011-formulas-are-expressions-of-the-database.md.

`reading` makes a tree of a text; `names` says what a formula may name; `functions` what it may do with it, in words of
the database (`expressions`); `compiling` puts them together, and says what is wrong where.
"""
