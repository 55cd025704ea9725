-- How many tokens did each partition generate or train on, as its manifest says? Those that count none are left out.
SELECT asset, "window", tokens
FROM (
    SELECT
        asset, "window",
        coalesce(metrics ->> 'tokens_generated', metrics ->> 'tokens_trained', metrics ->> 'tokens')::DOUBLE::BIGINT AS tokens
    FROM partitions
)
WHERE tokens IS NOT NULL
ORDER BY asset, "window";
