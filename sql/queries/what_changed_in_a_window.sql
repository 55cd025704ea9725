-- What changed in a window, and why: which reasons came, changed or went, and what did the evidence gain or lose?
-- Asks of the latest window with reviews; another: `SET VARIABLE in_window = '1997-11'`.
-- Facts are compared with those that the reason before was written from; an arrival was written from metadata alone.
WITH written_from AS (
    SELECT side, subject_id, evidence_hash, any_value([f.kind || ': ' || f.text FOR f IN facts]) AS facts
    FROM evidence
    GROUP BY side, subject_id, evidence_hash
), changed AS (
    SELECT *
    FROM corrected_reasons
    WHERE
        action <> 'kept'
        AND "window" = coalesce(getvariable('in_window'), (SELECT max("window") FROM corrected_reasons))
), earlier AS (
    SELECT side, subject_id, valid_from, evidence_hash FROM corrected_reasons WHERE action IN ('created', 'corrected')
)
SELECT
    c.side, coalesce(i.title, c.side || ' ' || c.subject_id) AS subject, c.action, c.cause,
    c.previous_reason AS before, c.reason AS after, round(c.gain, 4) AS gain,
    [f FOR f IN coalesce(now.facts, []) IF NOT list_contains(coalesce(past.facts, []), f)] AS facts_gained,
    [f FOR f IN coalesce(past.facts, []) IF NOT list_contains(coalesce(now.facts, []), f)] AS facts_lost
FROM changed c
ASOF LEFT JOIN earlier e ON e.side = c.side AND e.subject_id = c.subject_id AND e.valid_from < c.valid_from
LEFT JOIN written_from now
    ON now.side = c.side AND now.subject_id = c.subject_id AND now.evidence_hash = c.evidence_hash
LEFT JOIN written_from past
    ON past.side = c.side AND past.subject_id = c.subject_id AND past.evidence_hash = e.evidence_hash
LEFT JOIN items i ON c.side = 'item' AND i.item_id = c.subject_id
ORDER BY c.action DESC, c.side, c.gain DESC NULLS LAST, c.subject_id;
