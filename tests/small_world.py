"""A small data set with a known taste, and a configuration folder over it: what the end-to-end tests run on."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

CATEGORIES = ("Comedy", "Drama", "Horror", "Western")
USERS, ITEMS, EVENTS = 60, 48, 900
START = datetime(2020, 1, 1, tzinfo=UTC)
WINDOWS = ("2020-01", "2020-02", "2020-03")
DAYS = 91

DATA_SET = """\
name: small_world
licence: made by the tests
source:
  kind: files
  interactions: interactions.csv
  items: items.csv
  interaction_columns: {user: user, item: item, timestamp: time, rating: stars}
  item_columns: {item: item, title: name, categories: kinds}
  users: users.csv
  user_columns: {user: user, attributes: [age, gender]}
  timestamp_format: epoch_seconds
like_at: 4
rating_scale: [1, 5]
"""

CHAIN = """\
data_set: small_world
profile: test
windows: {frequency: monthly, first: "2020-01", last: "2020-03"}
"""


@dataclass(frozen=True)
class Event:
    """One row of the interactions file."""

    user: str
    item: str
    time: int
    stars: str


def make_events() -> list[Event]:
    """Events over three months: users like one category; a third of the items appear only from February on."""
    rng = np.random.default_rng(11)
    events = []
    for _ in range(EVENTS):
        user = int(rng.integers(USERS))
        day = int(rng.integers(DAYS))
        known = ITEMS * 2 // 3 if day < 31 else ITEMS
        item = int(rng.integers(known))
        liked = item % len(CATEGORIES) == user % len(CATEGORIES)
        stars = int(np.clip(round(rng.normal(4.4 if liked else 2.4, 0.8)), 1, 5))
        # Whole hours, so that a user often meets several items at one instant.
        time = START + timedelta(days=day, hours=int(rng.integers(6)))
        events.append(Event(f"u{user}", f"i{item}", int(time.timestamp()), str(stars)))
    bad = int((START + timedelta(days=3)).timestamp())
    return [
        *events,
        events[0],
        Event("u1", "i1", bad, "11"),
        Event("u1", "i2", bad, "many"),
        Event("u1", "nowhere", bad, "3"),
        Event("", "i3", bad, "3"),
    ]


def write_world(folder: Path, events: list[Event] | None = None) -> Path:
    """A configuration folder with the chain ``small`` over the data, written below ``folder``."""
    for name in ("chains", "data_sets", "profiles"):
        (folder / name).mkdir(parents=True)
    (folder / "chains" / "small.yaml").write_text(CHAIN)
    (folder / "data_sets" / "small_world.yaml").write_text(DATA_SET)
    with (folder / "interactions.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user", "item", "time", "stars"])
        for event in make_events() if events is None else events:
            writer.writerow([event.user, event.item, event.time, event.stars])
        writer.writerow(["u1", "i1", "yesterday", "4"])
    with (folder / "items.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["item", "name", "kinds"])
        for item in range(ITEMS):
            category = CATEGORIES[item % len(CATEGORIES)]
            name = f"<b>{category} Story {item}</b>" if item == 5 else f"{category} Story {item} (20{item % 20:02d})"
            writer.writerow([f"i{item}", name, category])
    with (folder / "users.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user", "age", "gender"])
        for user in range(USERS):
            writer.writerow([f"u{user}", 18 + 7 * user % 50, "MF"[user % 2] if user else ""])
    return folder
