"""Measured claims, each runnable by name: ``python -m bench poll``.

An installed program has its bytecode beside it. Where an environment forbids writing it, each run would compile every
module anew, a good part of a short command's time, so what is measured here never sees that.
"""

import os

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
