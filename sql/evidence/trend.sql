-- trend: an item's share of the evidence group's events in this window against the equally long time before it.
WITH counted AS (
    SELECT
        item_id,
        count(*) FILTER (in_window) AS recent,
        count(*) FILTER (in_window_before) AS earlier
    FROM events
    WHERE user_in_evidence
    GROUP BY item_id
),

everything AS (SELECT sum(recent) AS recent, sum(earlier) AS earlier FROM counted),

ratios AS (
    SELECT
        counted.item_id AS subject_id,
        (counted.recent + $lift_prior)
        / (counted.earlier * everything.recent / everything.earlier + $lift_prior) AS ratio
    FROM counted
    CROSS JOIN everything
    WHERE
        everything.earlier > 0
        AND counted.recent > 0
        AND counted.recent + counted.earlier >= $trend_min_events
)

SELECT
    'item' AS side,
    subject_id,
    'trend' AS kind,
    CASE WHEN ratio >= $trend_ratio THEN 'rising' WHEN ratio <= 1 / $trend_ratio THEN 'falling' ELSE 'steady' END AS text,
    round(ratio, 4) AS weight,
    1 AS place
FROM ratios;
