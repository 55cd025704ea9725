-- Which reasons differ between two days, and how? (Change the two dates.)
SELECT
    coalesce(a.side, b.side) AS side, coalesce(a.subject_id, b.subject_id) AS subject_id,
    CASE WHEN a.reason IS NULL THEN 'new' WHEN b.reason IS NULL THEN 'gone' ELSE 'changed' END AS difference,
    a.reason AS on_first_day, b.reason AS on_second_day, b.cause
FROM reasons_as_of(TIMESTAMPTZ '1997-11-01 00:00:00+00') a
FULL JOIN reasons_as_of(TIMESTAMPTZ '1997-12-01 00:00:00+00') b USING (side, subject_id)
WHERE a.reason IS DISTINCT FROM b.reason
ORDER BY side, difference, subject_id;
