"""``python -m meshtui``."""

from meshtui.cli.main import run

if __name__ == "__main__":
    run()
