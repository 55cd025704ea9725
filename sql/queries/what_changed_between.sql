-- Which reasons differ between two moments, and how?
-- Asks of the ends of the last two windows with reviews; others: `SET VARIABLE first_day = '1997-11-01'`, and second_day likewise.
WITH ends AS (
    SELECT DISTINCT valid_from AS moment
    FROM corrected_reasons
    WHERE action <> 'arrived'
    ORDER BY moment DESC
    LIMIT 2
)
SELECT
    coalesce(a.side, b.side) AS side, coalesce(a.subject_id, b.subject_id) AS subject_id,
    CASE WHEN a.reason IS NULL THEN 'new' WHEN b.reason IS NULL THEN 'gone' ELSE 'changed' END AS difference,
    a.reason AS on_first_day, b.reason AS on_second_day, b.cause
FROM reasons_as_of(coalesce(getvariable('first_day')::TIMESTAMPTZ, (SELECT min(moment) FROM ends))) a
FULL JOIN reasons_as_of(coalesce(getvariable('second_day')::TIMESTAMPTZ, (SELECT max(moment) FROM ends))) b
    USING (side, subject_id)
WHERE a.reason IS DISTINCT FROM b.reason
ORDER BY side, difference, subject_id;
