-- No one is recommended what they have had, or what the catalogue does not know.
SELECT r.served, r.arm, r.user_id, r.rank, r.item_id, i.item_id IS NOT NULL AS in_catalogue
FROM recommendations r
LEFT JOIN (SELECT DISTINCT item_id FROM items) i USING (item_id)
LEFT JOIN (SELECT DISTINCT user_id, item_id FROM cleaned_interactions WHERE quarantine_code IS NULL) had
    USING (user_id, item_id)
WHERE i.item_id IS NULL OR had.item_id IS NOT NULL
ORDER BY ALL
