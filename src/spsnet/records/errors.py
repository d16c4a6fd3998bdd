"""The one error a user is meant to see."""


class UserError(RuntimeError):
    """Something the user can mend: the message names the file or setting and the remedy, in one line.

    The command line prints it and ends with exit code 1; everything else is a fault of ours and keeps its traceback.
    """
