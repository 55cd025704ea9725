-- What became of the rows, by quarantine code; NULL is that of events.
SELECT
    quarantine_code,
    count(*) AS n,
    sum(merged_duplicates) AS merged,
    count(*) FILTER (WHERE label = 1) AS likes,
    count(DISTINCT user_id) AS users,
    count(DISTINCT item_id) AS items
FROM judged
GROUP BY quarantine_code
ORDER BY quarantine_code NULLS FIRST;
