-- Which current item reasons say nearly the same of different items?
-- Pairs whose embeddings have a cosine of at least 0.8; another floor: `SET VARIABLE floor = '0.9'`.
SELECT
    round(array_cosine_similarity(a.embedding, b.embedding)::DOUBLE, 3) AS similarity,
    one.title AS one, a.reason AS one_reason, other.title AS other, b.reason AS other_reason
FROM current_reason_embeddings a
JOIN current_reason_embeddings b ON b.side = a.side AND a.subject_id < b.subject_id
LEFT JOIN items one ON one.item_id = a.subject_id
LEFT JOIN items other ON other.item_id = b.subject_id
WHERE
    a.side = 'item'
    AND array_cosine_similarity(a.embedding, b.embedding) >= coalesce(getvariable('floor')::DOUBLE, 0.8)
ORDER BY similarity DESC, a.subject_id, b.subject_id;
