-- What differs from 0 on the whole held-out set? Contrasts of every stage.
-- A missing interval, or one without width (a single subject resampled), tells nothing apart.
SELECT
    subject, "window", backbone, arm, metric, value, ci_low, ci_high, n,
    CASE
        WHEN ci_low > 0 AND ci_low < ci_high THEN 'above 0'
        WHEN ci_high < 0 AND ci_low < ci_high THEN 'below 0'
        ELSE 'not told apart from 0'
    END AS verdict
FROM (
    -- To DuckDB, NaN is above every number.
    SELECT * REPLACE (
        if(isfinite(value), value, NULL) AS value,
        if(isfinite(ci_low), ci_low, NULL) AS ci_low,
        if(isfinite(ci_high), ci_high, NULL) AS ci_high
    )
    FROM evaluations
)
WHERE slice = 'all' AND contains(arm, ' − ') AND metric <> 'later_gain_subjects'
ORDER BY subject, backbone NULLS FIRST, metric, arm, "window";
