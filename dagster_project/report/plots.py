"""Plots as SVG text, made by hand: dots with intervals, lines, reliability, stacked bars. Lengths are in pixels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from xml.sax.saxutils import escape, quoteattr

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#56b4e9", "#6a3d9a", "#444444")
"""Told apart by most colour-blind readers; lines beyond the eighth repeat them dashed."""
INK, FAINT = "#1c1c1c", "#dddddd"
CHARACTER = 6.2
"""Width of a character of 11 pixels, taken wide, since no font can be measured here."""
TITLE, FOOT, RIGHT = 24, 24, 14
PLOT_WIDTH, PLOT_HEIGHT, ROW = 230, 130, 18
SQUARE, COUNTS = 200, 44
EDGE = 0.06
"""Share of the span left free at either end."""


@dataclass(frozen=True)
class Dot:
    """A value with its interval; an interval that is missing is not drawn."""

    label: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Line:
    """A curve's points (x, y) in order of x."""

    label: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class CalibratedBin:
    """``n`` events from probability ``low`` on: their mean probability and the share of likes among them."""

    low: float
    predicted: float
    observed: float
    n: int


@dataclass(frozen=True)
class Calibrated:
    """The bins of one curve, in order."""

    label: str
    bins: tuple[CalibratedBin, ...]


def dot_plot(
    title: str, dots: Sequence[Dot], reference: float | None = None, scale: Sequence[Dot] | None = None
) -> str:
    """Horizontal intervals, one row a dot, in the order of ``dots``.

    Args:
        title: what the values are.
        dots: what to draw.
        reference: drawn as a dashed line, and always on the axis.
        scale: dots that the axis must hold, so that plots side by side can share theirs; ``dots`` alone if left out.
    """
    held = [v for dot in (*dots, *(scale or ())) for v in (dot.value, dot.low, dot.high) if v is not None]
    low, high = _span([*held, *([] if reference is None else [reference])])
    left = 10 + CHARACTER * max((len(dot.label) for dot in dots), default=0)
    bottom = TITLE + ROW * len(dots)

    def x(value: float) -> float:
        return left + PLOT_WIDTH * (value - low) / (high - low)

    parts = []
    for tick, label in _ticks(low, high):
        parts += [_line(x(tick), TITLE, x(tick), bottom, FAINT), _text(x(tick), bottom + 14, label, "middle")]
    if reference is not None:
        parts.append(_line(x(reference), TITLE, x(reference), bottom, INK, 'stroke-dasharray="3 3"'))
    for place, dot in enumerate(dots):
        y = TITLE + ROW * (place + 0.5)
        parts.append(_text(left - 6, y + 4, dot.label, "end"))
        if dot.low is not None and dot.high is not None:
            parts.append(_line(x(dot.low), y, x(dot.high), y, COLOURS[0], 'stroke-width="2"'))
        parts.append(f'<circle cx="{x(dot.value):.1f}" cy="{y:.1f}" r="3.5" fill="{COLOURS[0]}"/>')
    return _svg(title, left + PLOT_WIDTH + RIGHT, bottom + FOOT, parts)


def line_plot(title: str, lines: Sequence[Line], x_ticks: Sequence[tuple[float, str]], markers: bool = False) -> str:
    """Curves over one axis whose ``x_ticks`` are (x, label). A curve of one point shows as a marker in any case.

    Colours follow the order of ``lines``, as in ``legend``; of labels that would overlap, every other few are left out.
    """
    x_low, x_high = _span([x for line in lines for x, _ in line.points])
    y_low, y_high = _span([y for line in lines for _, y in line.points])
    ticks = _ticks(y_low, y_high)
    left = 12 + CHARACTER * max(len(label) for _, label in ticks)
    bottom = TITLE + PLOT_HEIGHT

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = (x - x_low) / (x_high - x_low), (y - y_low) / (y_high - y_low)
        return left + PLOT_WIDTH * across, bottom - PLOT_HEIGHT * up

    parts = []
    for tick, label in ticks:
        _, y = at(x_low, tick)
        parts += [_line(left, y, left + PLOT_WIDTH, y, FAINT), _text(left - 5, y + 4, label, "end")]
    widest = 8 + CHARACTER * max((len(label) for _, label in x_ticks), default=0)
    each = math.ceil(widest * len(x_ticks) / PLOT_WIDTH) or 1
    parts += [_text(at(tick, y_low)[0], bottom + 14, label, "middle") for tick, label in x_ticks[::each]]
    for place, line in enumerate(lines):
        colour, dashes = _stroke(place)
        points = [at(x, y) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        hint = f"<title>{escape(line.label)}</title>"
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5" {dashes}>{hint}</polyline>'
        )
        if markers or len(points) == 1:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}">{hint}</circle>' for x, y in points]
    return _svg(title, left + PLOT_WIDTH + RIGHT, bottom + FOOT, parts)


def reliability_plot(title: str, curves: Sequence[Calibrated]) -> str:
    """Observed share over predicted probability, both in [0, 1], with the diagonal of perfect calibration; beneath it,
    the events of each bin as bars, the highest of all the full height. Colours are those of ``legend``."""
    left, across, bottom = 12 + 3 * CHARACTER, SQUARE, TITLE + SQUARE
    foot = bottom + FOOT + COUNTS
    most = max((found.n for curve in curves for found in curve.bins), default=0) or 1
    slot = across / 10 / max(len(curves), 1)
    parts = [_text(left, foot + 14, f"events per bin, at most {most:,}", "start")]
    for share in (0.0, 0.5, 1.0):
        x, y = left + across * share, bottom - SQUARE * share
        parts += [_line(x, TITLE, x, bottom, FAINT), _text(x, bottom + 14, f"{share:.1f}", "middle")]
        parts += [_line(left, y, left + across, y, FAINT), _text(left - 5, y + 4, f"{share:.1f}", "end")]
    parts.append(_line(left, bottom, left + across, TITLE, INK, 'stroke-dasharray="3 3"'))
    for place, curve in enumerate(curves):
        colour, _ = _stroke(place)
        points = [(left + across * b.predicted, bottom - SQUARE * b.observed) for b in curve.bins]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        for (x, y), found in zip(points, curve.bins, strict=True):
            told = f"{curve.label}: {found.predicted:.3f} predicted, {found.observed:.3f} observed, n {found.n:,}"
            hint = f"<title>{escape(told)}</title>"
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}">{hint}</circle>')
            height = COUNTS * found.n / most
            shape = f'x="{left + across * found.low + slot * place:.1f}" y="{foot - height:.1f}"'
            parts.append(f'<rect {shape} width="{slot:.1f}" height="{height:.1f}" fill="{colour}">{hint}</rect>')
    return _svg(title, left + across + RIGHT, foot + FOOT, parts)


def stacked_bars(title: str, bars: Mapping[str, Mapping[str, int]], parts: Sequence[str]) -> str:
    """One bar per key of ``bars``, stacked from counts by part in the order of ``parts``, coloured as in ``legend``."""
    highest = max((sum(counts.values()) for counts in bars.values()), default=0) or 1
    ticks = [(tick, label) for tick, label in _ticks(0, highest) if tick == int(tick)]
    left = 12 + CHARACTER * max(len(label) for _, label in ticks)
    bottom, slot = TITLE + PLOT_HEIGHT, max(PLOT_WIDTH / max(len(bars), 1), 56)
    width = slot * max(len(bars), 1)
    drawn = []
    for tick, label in ticks:
        y = bottom - PLOT_HEIGHT * tick / highest
        drawn += [_line(left, y, left + width, y, FAINT), _text(left - 5, y + 4, label, "end")]
    for place, (name, counts) in enumerate(bars.items()):
        middle = left + slot * (place + 0.5)
        drawn.append(_text(middle, bottom + 14, name, "middle"))
        heights = [PLOT_HEIGHT * counts.get(part, 0) / highest for part in parts]
        for number, (part, height, top) in enumerate(zip(parts, heights, accumulate(heights), strict=True)):
            if height:
                hint = f"<title>{escape(f'{name}: {counts[part]} {part}')}</title>"
                shape = f'x="{middle - 18:.1f}" y="{bottom - top:.1f}" width="36" height="{height:.1f}"'
                drawn.append(f'<rect {shape} fill="{_stroke(number)[0]}">{hint}</rect>')
    return _svg(title, left + width + RIGHT, bottom + FOOT, drawn)


def legend(labels: Sequence[str]) -> str:
    """What the colours and dashes of ``line_plot`` and ``stacked_bars`` stand for, in their order."""
    parts = []
    for place, label in enumerate(labels):
        colour, dashes = _stroke(place)
        y = 10 + ROW * place
        parts += [_line(2, y, 26, y, colour, f'stroke-width="4" {dashes}'), _text(32, y + 4, label, "start")]
    width = 40 + CHARACTER * max((len(label) for label in labels), default=0)
    return _svg("", width, ROW * len(labels) + 4, parts)


def _stroke(place: int) -> tuple[str, str]:
    dashes = 'stroke-dasharray="5 3"' if place >= len(COLOURS) else ""
    return COLOURS[place % len(COLOURS)], dashes


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest value with some room; never empty."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    is_point = high - low < 1e-9 * max(abs(low), abs(high), 1e-6)
    room = (0.1 * abs(low) or 1.0) if is_point else EDGE * (high - low)
    return low - room, high + room


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Two to six round values within the span, each with its label."""
    power = 10.0 ** math.floor(math.log10((high - low) / 3))
    step = max(power * factor for factor in (1, 2, 5) if power * factor <= (high - low) / 3)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    count = math.floor(high / step + 1e-9)
    return [(place * step, f"{place * step:z.{decimals}f}") for place in range(math.ceil(low / step - 1e-9), count + 1)]


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {more}/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    width = max(width, CHARACTER * 1.1 * len(title))
    head = (
        f'<svg role="img" aria-label={quoteattr(title or "legend")} viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="sans-serif" font-size="11" fill="{INK}">'
    )
    heading = f'<text x="2" y="13" font-weight="bold">{escape(title)}</text>' if title else ""
    return "\n".join([head, heading, *parts, "</svg>"])
