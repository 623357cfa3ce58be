"""A plot of events a second against the number of rules, as SVG, both axes in powers of ten."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 84, 736, 88, 370
INSET = 34  # of the first and last point: their figures stay off the axis
# In the light and in the dark: a page's reader may have either.
STYLE = """
  .ground { fill: #ffffff; } .ink { fill: #1f2328; } .faint { fill: #59636e; }
  .grid { stroke: #d1d9e0; stroke-width: 1; } .axis { stroke: #59636e; stroke-width: 1; }
  .line0 { stroke: #0969da; } .dot0, .name0 { fill: #0969da; }
  .line1 { stroke: #bc4c00; } .dot1, .name1 { fill: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } .ink { fill: #f0f6fc; } .faint { fill: #9198a1; }
    .grid { stroke: #3d444d; } .axis { stroke: #9198a1; }
    .line0 { stroke: #4493f8; } .dot0, .name0 { fill: #4493f8; }
    .line1 { stroke: #db6d28; } .dot1, .name1 { fill: #db6d28; }
  }
  path { fill: none; stroke-width: 2.5; }
  text { font-family: system-ui, sans-serif; font-size: 13px; }
"""


def short(value):
    """1234567 as 1.2M."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.1f}".removesuffix(".0") + unit if value < 100 * size \
                else f"{value / size:.0f}{unit}"
    return f"{value:.0f}"


class Axis:
    """Values between powers of ten onto pixels."""

    def __init__(self, values, start, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.start, self.end = start, end

    def at(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def powers(self):
        return [10 ** exponent for exponent in range(self.low, self.high + 1)]


def text(x, y, content, kind="faint", anchor="middle", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{more}>'
            f"{escape(content)}</text>")


def grid(x_axis, y_axis):
    for value in y_axis.powers():
        y = y_axis.at(value)
        yield f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{RIGHT}" y2="{y:.1f}"/>'
        yield text(LEFT - 10, y + 4.5, short(value), anchor="end")
    for value in x_axis.powers():
        x = x_axis.at(value)
        yield f'<line class="axis" x1="{x:.1f}" y1="{BOTTOM}" x2="{x:.1f}" y2="{BOTTOM + 5}"/>'
        yield text(x, BOTTOM + 22, f"{value:,}")
    yield f'<line class="axis" x1="{LEFT}" y1="{BOTTOM}" x2="{RIGHT}" y2="{BOTTOM}"/>'
    yield text((LEFT + RIGHT) / 2, BOTTOM + 48, "rules (powers of ten)")
    middle = (TOP + BOTTOM) / 2
    yield text(26, middle, "events matched a second (powers of ten)",
               more=f' transform="rotate(-90 26 {middle:.1f})"')


def line(number, name, points, x_axis, y_axis, is_upper):
    places = [(x_axis.at(count), y_axis.at(rate)) for count, rate in points]
    path = " L ".join(f"{x:.1f} {y:.1f}" for x, y in places)
    yield f'<path class="line{number}" d="M {path}"/>'
    for (x, y), (_, rate) in zip(places, points):
        yield f'<circle class="dot{number}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        yield text(x, y - 11 if is_upper else y + 21, short(rate), kind="ink")
    x, y = places[len(places) // 2]
    # Of two lines that fall, the upper one has room to the right and the lower one to the left.
    yield text(x, y - 34 if is_upper else y + 46, name, kind=f"name{number}",
               anchor="start" if is_upper else "end", more=' font-weight="600"')


def plot(series, date):
    """series: (name, [(rule count, events a second)]), the faster first."""
    x_axis = Axis([count for _, points in series for count, _ in points],
                  LEFT + INSET, RIGHT - INSET)
    y_axis = Axis([rate for _, points in series for _, rate in points], BOTTOM, TOP)
    title = "How many events a second are matched, by the number of rules"
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(title)}">',
             f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
             f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
             text(26, 32, title, "ink", "start", ' font-weight="600" style="font-size: 17px"'),
             text(26, 56, "One thread, every operator, events of 935 bytes, both in one run on "
                  f"{date}", anchor="start"),
             *grid(x_axis, y_axis)]
    for number, (name, points) in enumerate(series):
        parts += line(number, name, points, x_axis, y_axis, is_upper=number == 0)
    return "\n".join(parts + ["</svg>", ""])
