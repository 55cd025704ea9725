"""The bias audit asset."""

from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.window_asset import window_asset


@window_asset("parquet")
def bias_audit(run: WindowRun) -> Published:
    """Who and what gets exposure, reward and acceptance, by popularity decile; reach and concentration of every arm's
    lists; error gaps between groups; and how the reasons in force sound, and stand.

    Every measure is listed in `curec_assets/audit/bias.py`; of n items by ascending exposure x:

    ```
    Gini = sum of (2 i - n - 1) x_i / (n * sum of x),  i = 1 … n
    ```
    """
    from curec_assets.audit.bias import audit_bias

    table = audit_bias(
        run.read.up_to("corrected_reasons"),
        run.read.at("recommendations", needs=("arm", "served")),
        run.read.at("ranker_evaluation"),
        run.read.up_to("cleaned_interactions"),
        run.read.up_to("items"),
        run.read.up_to("evidence"),
        run.window.key,
        run.profile.audit,
    )
    return run.publish(table, {"measures": len(set(table["measure"].to_pylist()))})
