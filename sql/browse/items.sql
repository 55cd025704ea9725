-- Which items does the page show? Those that had a reason first, then by events; of_all counts what there is.
SELECT
    i.item_id AS id, i.title, i.categories, left(i.description, $characters) AS description,
    strftime(i.first_seen, '%Y-%m-%d') AS first_seen, coalesce(c.events, 0) AS events, coalesce(c.likes, 0) AS likes,
    count(*) OVER () AS of_all
FROM items i
LEFT JOIN (
    SELECT item_id, count(*) AS events, sum(label)::BIGINT AS likes FROM cleaned_interactions GROUP BY item_id
) c USING (item_id)
LEFT JOIN (SELECT DISTINCT subject_id FROM corrected_reasons WHERE side = 'item') r ON r.subject_id = i.item_id
ORDER BY r.subject_id IS NULL, events DESC, i.item_id
LIMIT $most;
