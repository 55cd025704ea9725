-- Every good event names an item of the catalogue, which lists each item once.
SELECT c.event_id, c.user_id, c.item_id, c.ts, coalesce(i.entries, 0) AS catalogue_entries
FROM cleaned_interactions c
LEFT JOIN (SELECT item_id, count(*) AS entries FROM items GROUP BY item_id) i USING (item_id)
WHERE c.quarantine_code IS NULL AND coalesce(i.entries, 0) <> 1
ORDER BY c.event_id
