"""How a gap is filled: methods of a class of ours become methods of one of moto's."""


def graft(target: type, methods: type) -> None:
    """Give `target` every method of `methods`, in place of its own of the same name."""
    for name, method in vars(methods).items():
        if not name.startswith("__"):
            setattr(target, name, method)
