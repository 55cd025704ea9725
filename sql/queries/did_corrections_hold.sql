-- Did corrected reasons still predict better than the ones they replaced, in the window after, by a model blind to both?
-- gain is in nats per event; below five subjects it has no interval.
SELECT
    "window" AS judged_on, slice AS side,
    max(value) FILTER (metric = 'later_gain_subjects')::BIGINT AS corrected_subjects_with_events,
    max(n) FILTER (metric = 'later_gain') AS events,
    round(max(value) FILTER (metric = 'later_gain'), 4) AS gain,
    round(max(ci_low) FILTER (metric = 'later_gain'), 4) AS ci_low,
    round(max(ci_high) FILTER (metric = 'later_gain'), 4) AS ci_high
FROM evaluations
WHERE subject = 'correction'
GROUP BY "window", slice
ORDER BY "window", slice;
