-- $shown corrections in the order of a hash that $seed fixes, so that nobody picked them; corrected counts all of them.
SELECT
    c."window", c.side, coalesce(i.title, c.side || ' ' || c.subject_id) AS subject, c.cause, c.gain,
    c.previous_reason AS before, c.reason AS after, count(*) OVER () AS corrected
FROM corrected_reasons c
LEFT JOIN items i ON c.side = 'item' AND i.item_id = c.subject_id
WHERE c.action = 'corrected'
ORDER BY md5(concat_ws(' ', $seed, c.side, c.subject_id, c."window")), c.side, c.subject_id, c."window"
LIMIT $shown;
