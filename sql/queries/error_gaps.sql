-- Whom does the ranker serve worse: new users, items that few know?
-- A gap is the first group's measure less the second's: below 0 in auc, or above 0 in log_loss, the first is served worse.
SELECT "window", arm, measure, bucket AS groups, round(value, 4) AS gap, n
FROM bias_audit
WHERE measure LIKE '%\_gap' ESCAPE '\' AND isfinite(value)
ORDER BY "window", measure, groups, arm;
