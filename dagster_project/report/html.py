"""A report as one HTML file that asks nobody for anything: no script, no font, no picture from outside."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from dagster_project.report.blocks import Block, Figure, Fold, Heading, Table

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff; margin: 2rem auto; max-width: 76rem;
  padding: 0 1rem; }
h2 { border-bottom: 2px solid #1c1c1c; margin-top: 3rem; }
h3 { border-bottom: 1px solid #bbb; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; margin: 0.5rem 0 1rem; }
th, td { border-bottom: 1px solid #ddd; padding: 0.2rem 0.6rem; text-align: left; vertical-align: top; }
thead th { border-bottom: 1px solid #1c1c1c; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; }
figure div { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
summary { cursor: pointer; color: #0072b2; margin: 0.5rem 0; }
figcaption { color: #444; font-size: 13px; }
svg { max-width: 100%; height: auto; }
"""

# Should text from data ever get past the escaping, the browser still runs and fetches nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render_html(blocks: Sequence[Block], title: str) -> str:
    """The blocks as a whole page. Headings of level 2 are listed at the top; all text is escaped."""
    anchors = {id(block): f"part-{index}" for index, block in enumerate(blocks) if isinstance(block, Heading)}
    links = [
        f'<li><a href="#{anchors[id(block)]}">{escape(block.text)}</a></li>'
        for block in blocks
        if isinstance(block, Heading) and block.level == 2
    ]
    body = "\n".join(_block(block, anchors.get(id(block), "")) for block in blocks)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content={quoteattr(POLICY)}>
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<nav><ul>{"".join(links)}</ul></nav>
{body}
</body>
</html>
"""


def _block(block: Block, anchor: str) -> str:
    if isinstance(block, Heading):
        # Headings behind a fold are not linked to, and an empty id is no id.
        place = f' id="{anchor}"' if anchor else ""
        return f"<h{block.level}{place}>{escape(block.text)}</h{block.level}>"
    if isinstance(block, Table):
        left = len(block.columns) - block.numbers
        head = _row("th", block.columns, left)
        rows = "\n".join(_row("td", row, left) for row in block.rows)
        return f'<div class="wide"><table>\n<thead>{head}</thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>'
    if isinstance(block, Figure):
        plots = "\n".join(block.svgs)
        return f"<figure><div>\n{plots}\n</div><figcaption>{escape(block.caption)}</figcaption></figure>"
    if isinstance(block, Fold):
        inside = "\n".join(_block(part, "") for part in block.blocks)
        return f"<details><summary>{escape(block.summary)}</summary>\n{inside}\n</details>"
    return f"<p>{escape(block.text)}</p>"


def _row(tag: str, cells: Sequence[str], left: int) -> str:
    written = [
        f'<{tag} class="number">{escape(cell)}</{tag}>' if place >= left else f"<{tag}>{escape(cell)}</{tag}>"
        for place, cell in enumerate(cells)
    ]
    return f"<tr>{''.join(written)}</tr>"
