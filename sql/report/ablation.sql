-- What did each arm of the ranker reach on each held-out window as a whole, and how far is it from $baseline there? Of
-- the measures that contrasts compare. The difference has an interval where a contrast pairs the two, either way round; others were not
-- resampled together, and intervals of each for itself tell nothing of their difference.
WITH found AS (
    SELECT
        "window", backbone, metric, arm, n,
        if(isfinite(value), value, NULL) AS value,
        if(isfinite(ci_low), ci_low, NULL) AS ci_low,
        if(isfinite(ci_high), ci_high, NULL) AS ci_high
    FROM evaluations
    WHERE subject = 'ranker' AND slice = 'all'
), compared AS (
    SELECT DISTINCT backbone, metric FROM found WHERE contains(arm, ' − ')
)
SELECT
    own."window", own.backbone, own.metric, own.arm, own.n, own.value, own.ci_low, own.ci_high,
    own.value - baseline.value AS difference,
    coalesce(paired.ci_low, -turned.ci_high) AS difference_low, coalesce(paired.ci_high, -turned.ci_low) AS difference_high
FROM found AS own
SEMI JOIN compared USING (backbone, metric)
LEFT JOIN found AS baseline
    ON (baseline."window", baseline.backbone, baseline.metric, baseline.arm)
        = (own."window", own.backbone, own.metric, $baseline)
    AND own.arm <> $baseline
LEFT JOIN found AS paired
    ON (paired."window", paired.backbone, paired.metric, paired.arm)
        = (own."window", own.backbone, own.metric, own.arm || ' − ' || $baseline)
LEFT JOIN found AS turned
    ON (turned."window", turned.backbone, turned.metric, turned.arm)
        = (own."window", own.backbone, own.metric, $baseline || ' − ' || own.arm)
WHERE NOT contains(own.arm, ' − ')
ORDER BY own.backbone, own.metric, own.arm, own."window";
