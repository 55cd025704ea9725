-- Shares, ranks and areas lie in [0, 1], their differences in [-1, 1], and no interval runs backwards.
SELECT subject, backbone, arm, metric, slice, value, ci_low, ci_high, n
FROM ranker_evaluation
WHERE
    ci_low > ci_high
    OR (
        (metric IN ('auc', 'group_auc', 'mrr') OR regexp_matches(metric, '^(hr|ndcg)@|_share$'))
        AND isfinite(value)
        AND value NOT BETWEEN if(contains(arm, ' − '), -1, 0) AND 1
    )
ORDER BY ALL
