"""The page holds what the lake says of items and users, as text that nothing can make into markup, and asks nobody."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.configuration.chain import ConfigError
from curec_assets.lake.catalogue import query
from dagster_project.browse.data import Caps
from dagster_project.browse.page import TEMPLATE, json_in_html, write_page
from tests.conftest import FinishedChain
from tests.hostile_lake import HOSTILE, write_hostile_lake
from tests.small_world import write_world


class Reader(HTMLParser):
    """The elements of a page, and the text of its ``script`` elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.policy = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script" and self.scripts[-1] == "":
            self.scripts[-1] = data

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script reads."""
        return json.loads(self.scripts[0])


def subject(data: dict[str, Any], side: str, name: str) -> dict[str, Any]:
    (found,) = [entry for entry in data[side] if entry["id"] == name]
    return found


@pytest.fixture
def hostile_lake(tmp_path: Path) -> Path:
    return write_hostile_lake(tmp_path / "lake")


def page_of(lake: Path, tmp_path: Path, **caps: int) -> Reader:
    path = write_page("hand", lake, tmp_path, tmp_path / "out" / "page.html", Caps(**caps))
    return Reader(path.read_text(encoding="utf-8"))


def test_hostile_text_is_data_and_never_markup(hostile_lake: Path, tmp_path: Path) -> None:
    page = page_of(hostile_lake, tmp_path)
    template = Reader(TEMPLATE.read_text(encoding="utf-8"))
    assert page.tags == template.tags
    text = (tmp_path / "out" / "page.html").read_text(encoding="utf-8")
    assert "alert(1)" in text
    assert "<script>alert" not in text
    first = page.data["item"][0]
    assert first["id"] == f"{HOSTILE} 0"
    assert first["title"] == f"title {HOSTILE} 0"
    assert first["evidence"]["facts"][0]["text"] == HOSTILE
    # The script itself is the template's, untouched by a title that names a place in it.
    assert page.scripts[1] == template.scripts[1]


def test_the_pages_script_reads_no_markup_and_the_policy_admits_it_alone(hostile_lake: Path, tmp_path: Path) -> None:
    page = page_of(hostile_lake, tmp_path)
    for refused in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "fetch("):
        assert refused not in page.scripts[1]
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    assert rules["default-src"] == "'none'"
    for kind, text in (("script", page.scripts[1]), ("style", _style(TEMPLATE.read_text(encoding="utf-8")))):
        assert rules[f"{kind}-src"] == f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
    assert "unsafe" not in page.policy
    # No event handler or style in an attribute, which the policy would stop, and no address of any host.
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert not re.search(r"https?:|src=|@import|url\(", TEMPLATE.read_text(encoding="utf-8"))


def _style(page: str) -> str:
    (text,) = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    return text


def test_everything_that_takes_input_has_a_label() -> None:
    page = TEMPLATE.read_text(encoding="utf-8")
    inputs = re.findall(r"<input[^>]*>", page)
    assert inputs
    for field in inputs:
        name = re.search(r'id="([^"]*)"', field)
        assert (name and f'for="{name[1]}"' in page) or f"<label>{field}" in page
    assert 'lang="en"' in page


@given(text=st.text())
def test_any_text_stands_in_a_script_element_and_comes_back(text: str) -> None:
    written = json_in_html({"text": text})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written) == {"text": text}


def test_an_item_shows_its_reason_reviews_neighbours_and_to_whom_it_goes(hostile_lake: Path, tmp_path: Path) -> None:
    data = page_of(hostile_lake, tmp_path, reviews=3).data
    item, last = subject(data, "item", f"{HOSTILE} 0"), subject(data, "item", f"{HOSTILE} 3")
    assert item["reason"]["text"] == f"why {HOSTILE}"
    assert (item["events"], item["likes"]) == (5, 5)
    # The latest three of four, in order; what was kept is not told again.
    assert [review["action"] for review in item["reviews"]] == ["kept"] * 3
    assert {(review["of_all"], review["reason"], review["gain"]) for review in item["reviews"]} == {(4, None, -0.25)}
    names = [data["item"][place]["id"] for place, _ in item["near"]]
    assert names == [f"{HOSTILE} 1", f"{HOSTILE} 2"]
    assert [cosine for _, cosine in item["near"]] == [0.6, 0.0]
    assert (last["reason"], last["near"], last["to_count"]) == (None, [], 4)
    assert last["to"] == [["u0", 1], ["u1", 1], ["u2", 1], ["u3", 1]]
    user = subject(data, "user", "u1")
    ((place, title, score, why),) = user["list"]
    assert (data["item"][place]["id"], title, score) == (last["id"], None, 0.5)
    assert why == [["history", data["item"].index(item), f"title {HOSTILE} 0", 0.5]]
    assert user["reason"]["text"] == HOSTILE
    assert data["recommended"] == "2020-01"


def test_what_a_page_has_no_room_for_is_counted(hostile_lake: Path, tmp_path: Path) -> None:
    data = page_of(hostile_lake, tmp_path, items=2, users=1, recommended_to=2).data
    assert (len(data["item"]), len(data["user"])) == (2, 1)
    assert data["notes"][0] == "2 of 4 items, those with a reason first, then by events"
    assert data["notes"][1] == "1 of 5 users, those with a reason first, then by events"
    # u1 has an interest and comes first; what it is offered has no place on the page and is named by its title.
    assert data["user"][0]["id"] == "u1"
    assert data["user"][0]["list"][0][:2] == [None, f"title {HOSTILE} 3"]
    assert data["item"][0]["near"] == [[1, 0.6]]


def test_the_page_of_a_chain_holds_its_items_users_and_lists(finished: FinishedChain, tmp_path: Path) -> None:
    path = tmp_path / "small.html"
    assert finished.curec("browse", "--chain", "small", "--output", str(path)).stdout.strip() == str(path)
    data = Reader(path.read_text(encoding="utf-8")).data
    held = {
        name: query(finished.lake, f"FROM {name}", "small").to_pylist()
        for name in ("items", "item_reasons", "user_interests", "recommendations")
    }
    assert {item["id"] for item in data["item"]} == {row["item_id"] for row in held["items"]}
    for side, view, name in (("item", "item_reasons", "reason"), ("user", "user_interests", "interest")):
        shown = {entry["id"]: entry["reason"]["text"] for entry in data[side] if entry["reason"]}
        assert shown == {row[f"{side}_id"]: row[name] for row in held[view]}
    last = [row for row in held["recommendations"] if row["window"] == data["recommended"]]
    assert sum(item["to_count"] for item in data["item"]) == len(last) == sum(len(u["list"]) for u in data["user"])
    assert any(why for user in data["user"] for *_, why in user["list"])
    similar = query(finished.lake, f"FROM similar_reasons('item', '{held['item_reasons'][0]['item_id']}', 3)", "small")
    near = subject(data, "item", held["item_reasons"][0]["item_id"])["near"][:3]
    expected = [round(row["similarity"], 3) for row in similar.to_pylist()]
    assert [cosine for _, cosine in near] == pytest.approx(expected, abs=2e-3)


def test_a_page_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path, hostile_lake: Path) -> None:
    configuration = write_world(tmp_path / "configuration")
    with pytest.raises(ConfigError, match=r"no chain 'nowhere' in the lake .* there are: small"):
        write_page("nowhere", hostile_lake, configuration, tmp_path / "page.html")
    with pytest.raises(ValueError, match="curec run --chain small"):
        write_page("small", hostile_lake, configuration, tmp_path / "page.html")
    with pytest.raises(ValueError, match="is a folder; --output names the file"):
        write_page("hand", hostile_lake, configuration, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is no folder"):
        write_page("hand", hostile_lake, configuration, tmp_path / "file" / "page.html")
    assert not (tmp_path / "page.html").exists()
