-- Which users does the page show? Those that had an interest first, then by events; of_all counts what there is.
SELECT c.user_id AS id, c.events, c.likes, count(*) OVER () AS of_all
FROM (
    SELECT user_id, count(*) AS events, sum(label)::BIGINT AS likes FROM cleaned_interactions GROUP BY user_id
) c
LEFT JOIN (SELECT DISTINCT subject_id FROM corrected_reasons WHERE side = 'user') r ON r.subject_id = c.user_id
ORDER BY r.subject_id IS NULL, c.events DESC, c.user_id
LIMIT $most;
