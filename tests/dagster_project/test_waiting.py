"""A stage that must wait for another run's stage says so, and goes on when that is done."""

from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from curec_assets.window_asset import HEAVY_POOL
from dagster_project.instance import SETTINGS, shipped_settings, wait_with_a_word


@dg.op(pool=HEAVY_POOL)
def train() -> None:
    """Needs the pool and does nothing with it."""


@dg.job
def training() -> None:
    train()


def test_a_stage_that_waits_for_the_pool_says_so_once_and_runs_when_a_slot_is_free(tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text(shipped_settings())
    told: list[str] = []
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        slots = instance.event_log_storage
        slots.initialize_concurrency_limit_to_default(HEAVY_POOL)
        slots.claim_concurrency_slot(HEAVY_POOL, "another run", "its stage")

        def tell(step: str) -> None:
            told.append(step)
            assert slots.get_concurrency_info(HEAVY_POOL).active_slot_count == 1
            slots.free_concurrency_slots_for_run("another run")

        run_id = str(uuid4())
        wait_with_a_word(instance, run_id, tell)
        assert training.execute_in_process(instance=instance, run_id=run_id).success
    assert told == ["train"]


def test_a_stage_that_need_not_wait_says_nothing(tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text(shipped_settings())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        run_id = str(uuid4())
        wait_with_a_word(instance, run_id, lambda step: pytest.fail(f"{step} need not wait"))
        assert training.execute_in_process(instance=instance, run_id=run_id).success
