-- Who and what got exposure, reward and acceptance, and how do the reasons in force sound? Every measure of every window.
SELECT "window", measure, arm, bucket, if(isfinite(value), value, NULL) AS value, n
FROM bias_audit
ORDER BY "window", measure, arm, bucket;
