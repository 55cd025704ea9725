-- Which reasons lost their footing: what did they claim that the evidence no longer says, and what became of them?
-- named_and_gone are the facts that the reason was written from and names, and that no longer stand.
WITH written_from AS (
    SELECT side, subject_id, evidence_hash, any_value([f.text FOR f IN facts]) AS facts
    FROM evidence
    GROUP BY side, subject_id, evidence_hash
), lost AS (
    SELECT * FROM corrected_reasons WHERE action = 'withdrawn' OR cause = 'ungrounded'
), earlier AS (
    SELECT side, subject_id, valid_from, evidence_hash
    FROM corrected_reasons
    WHERE action IN ('arrived', 'created', 'corrected')
)
SELECT
    l."window", l.side, coalesce(i.title, l.side || ' ' || l.subject_id) AS subject, l.action,
    l.previous_reason AS claimed, e.valid_from AS claimed_since,
    -- A reason names a title without its year.
    [
        f FOR f IN past.facts
        IF contains(l.previous_reason, regexp_replace(f, ' \(\d{4}\)$', '')) AND NOT list_contains(now.facts, f)
    ] AS named_and_gone,
    l.reason AS replaced_by
FROM lost l
ASOF LEFT JOIN earlier e ON e.side = l.side AND e.subject_id = l.subject_id AND e.valid_from < l.valid_from
LEFT JOIN written_from now
    ON now.side = l.side AND now.subject_id = l.subject_id AND now.evidence_hash = l.evidence_hash
LEFT JOIN written_from past
    ON past.side = l.side AND past.subject_id = l.subject_id AND past.evidence_hash = e.evidence_hash
LEFT JOIN items i ON l.side = 'item' AND i.item_id = l.subject_id
ORDER BY l."window", l.side, l.action DESC, l.subject_id;
