-- The items that a recommendation is explained by are ones that its user has had.
SELECT r.user_id, r.rank, r.item_id, r.named.item_id AS named_item, r.named.title AS named_title
FROM (SELECT user_id, rank, item_id, unnest(because) AS named FROM recommendations) r
LEFT JOIN (SELECT DISTINCT user_id, item_id FROM cleaned_interactions WHERE quarantine_code IS NULL) had
    ON had.user_id = r.user_id AND had.item_id = r.named.item_id
WHERE had.item_id IS NULL
ORDER BY r.user_id, r.rank, named_item
