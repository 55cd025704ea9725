"""``docs/reference/assets.md``: every artifact of a chain, from its declaration and the lineage."""

from curec_assets.assets import ASSETS
from curec_assets.lineage import LINEAGE, MODELS, Span
from docs.tooling.markdown import code, prose, table

INTRODUCTION = """\
# Assets

Every chain has these assets, keyed `<chain>/<asset>`, with one partition a window. An asset can read what stands under
*reads* and nothing else: the reader refuses the rest ([chronology](../concepts/chronology.md)). `up to this one` means
all windows of the parent from the chain's first on."""

WINDOWS: dict[Span, str] = {
    "at": "this one",
    "previous": "the one before",
    "up_to": "up to this one",
    "up_to_previous": "all before this one",
}


def assets_page() -> str:
    """The page as Markdown, without its header."""
    overview = table(
        ["asset", "group", "a partition is", "needs torch"],
        [
            [
                f"[{name}](#{name})",
                artifact.group,
                "weights and one manifest row" if name in MODELS else "rows",
                "yes" if ASSETS[name].heavy else "no",
            ]
            for name, artifact in LINEAGE.items()
        ],
    )
    said = "Assets that need torch share a pool, of one slot unless `dagster.yaml` says more."
    return "\n\n".join([INTRODUCTION, overview, said, *map(_asset, LINEAGE)])


def _asset(name: str) -> str:
    artifact = LINEAGE[name]
    reads = table(
        ["reads", "windows"], [[f"[{edge.asset}](#{edge.asset})", WINDOWS[edge.span]] for edge in artifact.edges]
    )
    readers = [
        f"[{other}](#{other})" for other, its in LINEAGE.items() if any(edge.asset == name for edge in its.edges)
    ]
    facts = [
        f"Columns: [tables](tables.md#{name}). Read by: {', '.join(readers) or 'no other asset'}.",
        f"Configuration that makes it stale: {', '.join(map(code, artifact.sections))}. "
        f"Version of its code: {artifact.code_version}.",
    ]
    source = "" if artifact.edges else "Reads no other asset: it reads the source files of the data set."
    return "\n\n".join([f"## {name}", prose(ASSETS[name].description), source or reads, *facts])
