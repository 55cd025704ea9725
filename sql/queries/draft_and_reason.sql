-- What did tuning and correction make of the aligned model's first draft?
-- draft: the aligned LLM. untested: the tuned policy's first candidate. reason: what the correction let stand.
SELECT
    c."window", c.side, coalesce(i.title, c.side || ' ' || c.subject_id) AS subject, c.action,
    d.reason AS draft, d.grounded AS draft_grounded, c.first_sample AS untested, c.reason,
    round(c.reward, 4) AS reward
FROM corrected_reasons c
JOIN draft_reasons d
    ON d.side = c.side AND d.subject_id = c.subject_id AND d."window" = c."window" AND d.sample = 0
LEFT JOIN items i ON c.side = 'item' AND i.item_id = c.subject_id
WHERE c.action <> 'arrived'
ORDER BY c."window", c.side, c.reward DESC NULLS LAST, c.subject_id;
