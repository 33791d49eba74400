"""What the bridge says when something is wrong."""


class MusterError(RuntimeError):
    """A sentence for people, a kind for programs, and the way out."""

    def __init__(self, kind, message, way_out=""):
        super().__init__(f"{message}\n  {way_out}" if way_out else message)
        self.kind = kind
        self.message = message
        self.way_out = way_out
