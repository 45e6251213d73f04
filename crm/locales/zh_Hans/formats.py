"""Chinese figures are grouped by thousands, as business writes them; Django's own format groups nothing."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
