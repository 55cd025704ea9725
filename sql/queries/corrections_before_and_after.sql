-- Which reasons were corrected, what did they say before and after, why, and what was gained?
SELECT
    c.side, c.subject_id, coalesce(i.title, 'user ' || c.subject_id) AS subject, c."window", c.cause,
    round(c.gain, 4) AS gain, round(c.gain_lower_bound, 4) AS gain_lower_bound,
    c.previous_reason AS before, c.reason AS after
FROM corrected_reasons c
LEFT JOIN items i ON c.side = 'item' AND i.item_id = c.subject_id
WHERE c.action = 'corrected'
ORDER BY c.gain DESC NULLS LAST, c.side, c.subject_id, c."window";
