"""Fields that the administrator defines: docs/custom-fields.md.

`known` reads the definitions, once for a request; `values` says what a value of each type looks like, and is the one
place where one is judged; `writing` turns what somebody gives into what is kept; `sorting` and `filtering` ask the
database; `form_fields` are what forms show.
"""
