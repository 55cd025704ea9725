-- What did the base model and the aligned one write for the same subjects, drawn at random? Those of the last window.
SELECT
    "window", pair ->> 'side' AS side, coalesce(pair ->> 'title', 'user ' || (pair ->> 'subject_id')) AS subject,
    pair ->> 'base' AS base, pair ->> 'aligned' AS aligned
FROM (
    SELECT "window", unnest(CAST(metrics -> 'before_and_after_alignment' AS JSON[])) AS pair
    FROM partitions
    WHERE asset = 'ranker_evaluation'
)
QUALIFY "window" = max("window") OVER ()
ORDER BY side, subject;
