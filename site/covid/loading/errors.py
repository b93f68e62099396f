"""What stops a load."""


class LoadError(Exception):
    """One line for a person: what is wrong with the input, and what to do. The old data stays."""
