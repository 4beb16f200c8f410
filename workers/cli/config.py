"""``pacekeeper config``: the settings in force, and where each comes from."""

from __future__ import annotations

import os

import typer

from workers.cli.console import done, print_json, print_table
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, read_settings
from workers.cli.settings_page import settings_page, shown
from workers.configuration import Configuration, Setting, catalogue
from workers.kafka import connect

app = typer.Typer(help="Show the settings in force and their origin.", no_args_is_help=True)


@app.command()
def check(
    *, json: JsonOption = False, bootstrap: BootstrapOption = None, config: ConfigOption = None
) -> None:
    """Check the settings and print them, each with where it comes from.

    Also looks up the password and reads the certificates, without printing them. Kafka is not
    asked; `pacekeeper topics check` does that.
    """
    configuration = read_settings(config, bootstrap)
    if configuration.settings.broker.bootstrap:
        connect(configuration.settings.broker, os.environ)
    if json:
        print_json([_as_object(setting, configuration) for setting in catalogue()])
        return
    print_table(
        ("setting", "value", "from", "what it is for"),
        (
            (
                setting.key,
                shown(configuration.value(setting)),
                configuration.origins.get(setting.key, "default"),
                setting.description,
            )
            for setting in catalogue()
        ),
    )
    done("the settings are valid")


@app.command()
def document() -> None:
    """Print the documentation of every setting, as Markdown."""
    typer.echo(settings_page(), nl=False)


def _as_object(setting: Setting, configuration: Configuration) -> dict[str, object]:
    return {
        "setting": setting.key,
        "variable": setting.variable,
        "value": configuration.value(setting),
        "from": configuration.origins.get(setting.key, "default"),
        "about": setting.description,
    }
