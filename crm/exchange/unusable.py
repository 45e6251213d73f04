class Unusable(Exception):
    """A file or a profile that cannot be used at all; the message is one line for the person who chose it."""
