-- Did corrected reasons predict better than what stood before, in the window after, by a model blind to both?
-- Told apart: what passed the acceptance test, and what was replaced without one, as it claimed what is no longer true.
-- gain is in nats per event; below five subjects it has no interval.
SELECT
    "window" AS judged_on, arm AS compared, slice AS side,
    max(value) FILTER (metric = 'later_gain_subjects')::BIGINT AS corrected_subjects_with_events,
    max(n) FILTER (metric = 'later_gain') AS events,
    round(max(value) FILTER (metric = 'later_gain'), 4) AS gain,
    round(max(ci_low) FILTER (metric = 'later_gain'), 4) AS ci_low,
    round(max(ci_high) FILTER (metric = 'later_gain'), 4) AS ci_high
FROM evaluations
WHERE subject = 'correction'
GROUP BY "window", arm, slice
ORDER BY "window", arm, slice;
