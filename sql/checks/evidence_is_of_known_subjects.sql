-- Evidence is of items that the catalogue knows and of people who have events.
SELECT e.side, e.subject_id
FROM evidence e
LEFT JOIN (
    SELECT 'item' AS side, item_id AS subject_id FROM items
    UNION
    SELECT 'user', user_id FROM cleaned_interactions WHERE quarantine_code IS NULL
) known USING (side, subject_id)
WHERE known.subject_id IS NULL
ORDER BY e.side, e.subject_id
