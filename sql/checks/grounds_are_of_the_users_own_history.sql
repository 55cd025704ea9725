-- The items that a recommendation is explained by, in because and in why, are ones that its user has had.
SELECT n.user_id, n.rank, n.item_id, n.named_item
FROM (
    SELECT user_id, rank, item_id, unnest([b.item_id FOR b IN because]) AS named_item FROM recommendations
    UNION ALL
    SELECT user_id, rank, item_id, unnest([w.item_id FOR w IN why IF w.part = 'history']) FROM recommendations
) n
LEFT JOIN (SELECT DISTINCT user_id, item_id FROM cleaned_interactions WHERE quarantine_code IS NULL) had
    ON had.user_id = n.user_id AND had.item_id = n.named_item
WHERE had.item_id IS NULL
ORDER BY ALL
