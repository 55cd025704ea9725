-- Which items carry the reasons most like one item's, by the cosine of their sentence embeddings?
-- Asks of the item with most events that carries a reason; another: `SET VARIABLE item = '50'`. The first row is its own.
WITH chosen AS (
    SELECT coalesce(getvariable('item'), (
        SELECT item_id
        FROM cleaned_interactions
        SEMI JOIN item_reasons USING (item_id)
        GROUP BY item_id
        ORDER BY count(*) DESC, item_id
        LIMIT 1
    )) AS item_id
), near AS (
    SELECT item_id AS subject_id, reason, 1.0 AS similarity FROM item_reasons SEMI JOIN chosen USING (item_id)
    UNION ALL
    SELECT subject_id, reason, similarity FROM similar_reasons('item', (SELECT item_id FROM chosen), 10)
)
SELECT i.title, near.reason, round(near.similarity::DOUBLE, 3) AS similarity
FROM near
LEFT JOIN items i ON i.item_id = near.subject_id
ORDER BY near.similarity DESC, near.subject_id;
