-- How does each arm of the ranker do as time goes on, tested on each window by what was trained before it (prequentially)?
-- value_so_far is the mean of the windows up to this one, weighted by their events; higher is better for both measures.
SELECT
    backbone, metric, arm, "window", round(value, 4) AS value, n,
    round(sum(value * n) OVER so_far / sum(n) OVER so_far, 4) AS value_so_far,
    round(value - max(value) OVER (PARTITION BY backbone, metric, "window"), 4) AS behind_the_best
FROM evaluations
WHERE
    subject = 'ranker' AND slice = 'all' AND NOT contains(arm, ' − ') AND isfinite(value)
    AND (metric = 'auc' OR metric LIKE 'ndcg@%')
WINDOW so_far AS (PARTITION BY backbone, metric, arm ORDER BY "window")
ORDER BY backbone, metric, arm, "window";
