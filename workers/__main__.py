"""``python -m workers`` is the command ``pacekeeper``."""

from workers.cli.main import app

if __name__ == "__main__":
    app(prog_name="pacekeeper")
