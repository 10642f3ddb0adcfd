"""The one exception that carries a sentence for the person who gave the input."""


class InputError(ValueError):
    """Something given from outside cannot be used.

    The message is one clear sentence that names the thing, the rule and the value. Commands
    print it as it is; pages show it as it is.
    """
