"""The command ``pacekeeper``: one module per command or group of commands."""
