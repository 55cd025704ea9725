-- Whom does the ranker serve worse: new users, people of some group, items that few know?
-- A gap is the first group's measure less the second's: below 0 in auc or ndcg, or above 0 in log_loss, the first is
-- served worse. others are all other users of whom the attribute is told. Only a gap whose interval leaves out 0 is told
-- apart from chance, each by itself: of twenty, one will be by chance alone.
SELECT
    "window", arm, measure, bucket AS groups, round(value, 4) AS gap, round(ci_low, 4) AS ci_low,
    round(ci_high, 4) AS ci_high, coalesce(ci_low > 0 OR ci_high < 0, false) AS told_from_0, n
FROM bias_audit
WHERE measure LIKE '%\_gap' ESCAPE '\' AND isfinite(value)
ORDER BY "window", measure, groups, arm;
