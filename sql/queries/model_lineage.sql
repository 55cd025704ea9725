-- Which models stand behind a window, trained on what?
SELECT
    "window", asset, artifact_id, len(parents) AS parents,
    [p FOR p IN parents IF split_part(p, '@', 1) IN ('aligned_llm', 'reward_model', 'rl_policy', 'ranker')] AS parent_models,
    rows_seen, latest_ts_seen, base_model
FROM artifacts
ORDER BY "window", asset;
