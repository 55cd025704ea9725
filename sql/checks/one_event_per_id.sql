-- No two good events share an id.
SELECT event_id, count(*) AS events, min(source_row) AS first_source_row, max(source_row) AS last_source_row
FROM cleaned_interactions
WHERE quarantine_code IS NULL
GROUP BY event_id
HAVING count(*) > 1
ORDER BY event_id
