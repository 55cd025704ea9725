-- Which items carry the reasons most like one item's, by the cosine of their sentence embeddings?
-- Asks of the item with most events that carries a reason; another: `SET VARIABLE item = '50'`.
WITH chosen AS (
    SELECT coalesce(getvariable('item'), (
        SELECT item_id
        FROM cleaned_interactions
        SEMI JOIN item_reasons USING (item_id)
        GROUP BY item_id
        ORDER BY count(*) DESC, item_id
        LIMIT 1
    )) AS item_id
)
SELECT own.title AS of_item, own.reason AS its_reason, i.title, s.reason, round(s.similarity::DOUBLE, 3) AS similarity
FROM similar_reasons('item', (SELECT item_id FROM chosen), 10) s
JOIN chosen ON true
LEFT JOIN item_reasons own ON own.item_id = chosen.item_id
LEFT JOIN items i ON i.item_id = s.subject_id
ORDER BY s.similarity DESC, s.subject_id;
