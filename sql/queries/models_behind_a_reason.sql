-- Which policy wrote one item's reason, which reward model scored it, and what were they and their ancestors trained on?
-- Asks of the latest reason that was scored; another item's latest: `SET VARIABLE item = '50'`.
-- steps counts the models between; no latest_ts_seen lies at or after the moment from which the reason holds.
WITH RECURSIVE chosen AS (
    SELECT subject_id, reason, policy_id, reward_model_id, valid_from
    FROM corrected_reasons
    WHERE side = 'item' AND action IN ('arrived', 'created', 'corrected')
        AND if(getvariable('item') IS NULL, reward_model_id IS NOT NULL, subject_id = getvariable('item'))
    ORDER BY valid_from DESC, subject_id
    LIMIT 1
), behind AS (
    SELECT policy_id AS artifact_id, 'wrote it' AS part, 0 AS steps FROM chosen
    UNION
    SELECT reward_model_id, 'scored it', 0 FROM chosen WHERE reward_model_id IS NOT NULL
    UNION
    SELECT parent, 'ancestor', steps + 1
    FROM (SELECT unnest(a.parents) AS parent, b.steps FROM behind b JOIN artifacts a USING (artifact_id))
    WHERE split_part(parent, '@', 1) IN ('aligned_llm', 'reward_model', 'rl_policy')
), data AS (
    SELECT
        artifact_id, split_part(parent, '@', 1) AS asset,
        min(regexp_extract(parent, '@(.*):', 1)) AS first, max(regexp_extract(parent, '@(.*):', 1)) AS last
    FROM (SELECT artifact_id, unnest(parents) AS parent FROM artifacts)
    GROUP BY ALL
), trained_on AS (
    SELECT artifact_id, list(asset || ' ' || first || if(first = last, '', '..' || last) ORDER BY asset) AS trained_on
    FROM data
    GROUP BY artifact_id
)
SELECT
    b.part, min(b.steps) AS steps, b.artifact_id, any_value(t.trained_on) AS trained_on,
    any_value(a.rows_seen) AS rows_seen, any_value(a.latest_ts_seen) AS latest_ts_seen,
    any_value(a.base_model) AS base_model, i.title, chosen.reason, chosen.valid_from
FROM behind b
JOIN chosen ON true
LEFT JOIN artifacts a USING (artifact_id)
LEFT JOIN trained_on t USING (artifact_id)
LEFT JOIN items i ON i.item_id = chosen.subject_id
GROUP BY i.title, chosen.reason, chosen.valid_from, b.part, b.artifact_id
ORDER BY steps, b.part DESC, b.artifact_id;
