-- Who and what got exposure, reward and acceptance, and how do the reasons in force sound? Every measure of every window.
SELECT "window", measure, arm, bucket, n,
    if(isfinite(value), value, NULL) AS value,
    if(isfinite(ci_low), ci_low, NULL) AS ci_low,
    if(isfinite(ci_high), ci_high, NULL) AS ci_high
FROM bias_audit
ORDER BY "window", measure, arm, bucket;
