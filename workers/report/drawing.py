"""What all figures have in common: colours, sizes, axes."""

from __future__ import annotations

from typing import Any, Final

from bokeh.models import (
    BoxZoomTool,
    HoverTool,
    LinearColorMapper,
    NumeralTickFormatter,
    PanTool,
    ResetTool,
    SaveTool,
)
from bokeh.models.annotations import ColorBar
from bokeh.plotting import figure
from bokeh.themes import Theme

INK: Final = "#1f2933"
PALE: Final = "#d9dde2"
"""Cells and points of too little evidence."""

# Okabe and Ito, "Color Universal Design" (2008): told apart by colour-blind people, too.
BLUE: Final = "#0072b2"
SKY: Final = "#56b4e9"
GREEN: Final = "#00795b"
ORANGE: Final = "#c77700"
VERMILION: Final = "#d55e00"
PURPLE: Final = "#a8548b"

Figure = Any
"""Bokeh's figures and models: their attributes are made at run time."""


_AXIS: Final = {
    "axis_line_color": "#7b8794",
    "major_tick_line_color": "#7b8794",
    "minor_tick_line_color": None,
    "axis_label_text_font_style": "normal",
    "axis_label_text_color": INK,
    "axis_label_text_font_size": "11px",
    "major_label_text_color": INK,
    "major_label_text_font_size": "11px",
}
THEME: Final = Theme(
    json={
        "attrs": {
            "Axis": _AXIS,
            "Grid": {"grid_line_color": "#e6e9ed"},
            "Plot": {"outline_line_color": None},
            "Title": {"text_color": INK, "text_font_size": "13px"},
            "Toolbar": {"logo": None, "autohide": True},
        }
    }
)
"""How all figures look."""


def canvas(title: str, *, height: int, **options: Any) -> Figure:  # noqa: ANN401
    """Return an empty figure as wide as the page; a finger on it scrolls the page."""
    tools: list[Any] = [PanTool(dimensions="width"), BoxZoomTool(dimensions="width")]
    return figure(
        title=title,
        height=height,
        sizing_mode="stretch_width",
        tools=[*tools, ResetTool(), SaveTool()],
        active_drag=None,
        toolbar_location="above",
        **options,
    )


def hover(plot: Figure, renderers: list[Any], tooltips: str) -> None:
    """Show ``tooltips`` at ``renderers``; Bokeh escapes what it fills in."""
    plot.add_tools(HoverTool(tooltips=tooltips, renderers=renderers, point_policy="snap_to_data"))


def scale(plot: Figure, mapper: LinearColorMapper) -> None:
    """Put the scale of colours to the right of a plot."""
    bar = ColorBar(
        color_mapper=mapper,
        width=8,
        title=None,
        label_standoff=4,
        border_line_color=None,
        major_label_text_color=INK,
        major_label_text_font_size="10px",
        formatter=NumeralTickFormatter(format="0,0.[00]"),
    )
    plot.add_layout(bar, "right")
