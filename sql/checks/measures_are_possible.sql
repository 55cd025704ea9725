-- Shares, ranks and areas lie in [0, 1], their differences and gaps in [-1, 1], no interval runs backwards, and what was
-- measured of anything is a number: a measure that is undefined is null.
SELECT subject, backbone, arm, metric, slice, value, ci_low, ci_high, n
FROM ranker_evaluation
WHERE
    (isfinite(ci_low) AND isfinite(ci_high) AND ci_low > ci_high)
    -- Of a null, isfinite is null, which breaks no rule.
    OR (n > 0 AND (NOT isfinite(value) OR NOT isfinite(ci_low) OR NOT isfinite(ci_high)))
    OR (
        (metric IN ('auc', 'auc_gap', 'group_auc', 'mrr') OR regexp_matches(metric, '^(hr|ndcg)@|_share$'))
        AND isfinite(value)
        AND value NOT BETWEEN if(contains(arm, ' − ') OR ends_with(metric, '_gap'), -1, 0) AND 1
    )
ORDER BY ALL
