-- How has the reason of one item changed over time, and why?
-- Asks of the item whose reason changed most often; another: `SET VARIABLE item = '50'`.
-- A review that kept the reason has no dates of its own.
WITH chosen AS (
    SELECT coalesce(getvariable('item'), (
        SELECT subject_id
        FROM corrected_reasons
        WHERE side = 'item'
        GROUP BY subject_id
        ORDER BY count(DISTINCT reason) DESC, count(*) DESC, subject_id
        LIMIT 1
    )) AS item_id
)
SELECT
    i.title, c."window", c.action, c.cause, c.reason, round(c.reward, 4) AS reward, round(c.gain, 4) AS gain,
    h.valid_from, h.valid_to
FROM corrected_reasons c
JOIN chosen ON c.side = 'item' AND c.subject_id = chosen.item_id
LEFT JOIN items i ON i.item_id = c.subject_id
LEFT JOIN reason_history h
    ON h.side = c.side AND h.subject_id = c.subject_id AND h.valid_from = c.valid_from AND c.action <> 'kept'
ORDER BY c.valid_from;
