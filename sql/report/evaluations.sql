-- Every held-out measure of one stage, $subject; is_contrast marks paired differences of two arms.
SELECT
    "window", backbone, arm, metric, slice, contains(arm, ' − ') AS is_contrast, n,
    if(isfinite(value), value, NULL) AS value,
    if(isfinite(ci_low), ci_low, NULL) AS ci_low,
    if(isfinite(ci_high), ci_high, NULL) AS ci_high
FROM evaluations
WHERE subject = $subject
ORDER BY "window", backbone NULLS FIRST, metric, slice, is_contrast, arm;
