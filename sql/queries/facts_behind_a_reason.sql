-- Which facts was one item's reason written from, and which of them does it name?
-- Asks of the item with most events that has a reason from facts; another: `SET VARIABLE item = '50'`.
WITH told AS (
    SELECT c.subject_id, c.reason, c.evidence_hash
    FROM corrected_reasons c
    JOIN current_reasons r USING (side, subject_id, valid_from)
    WHERE c.side = 'item' AND c.evidence_hash IS NOT NULL
), chosen AS (
    SELECT coalesce(getvariable('item'), (
        SELECT item_id
        FROM cleaned_interactions
        SEMI JOIN told ON told.subject_id = cleaned_interactions.item_id
        GROUP BY item_id
        ORDER BY count(*) DESC, item_id
        LIMIT 1
    )) AS item_id
), facts AS (
    SELECT t.subject_id, t.reason, unnest(any_value(e.facts)) AS fact
    FROM told t
    JOIN chosen ON chosen.item_id = t.subject_id
    JOIN evidence e ON e.side = 'item' AND e.subject_id = t.subject_id AND e.evidence_hash = t.evidence_hash
    GROUP BY t.subject_id, t.reason
)
SELECT
    i.title, f.reason, f.fact.kind AS kind, f.fact.text AS fact, f.fact.weight AS weight,
    contains(f.reason, regexp_replace(f.fact.text, ' \(\d{4}\)$', '')) AS named
FROM facts f
LEFT JOIN items i ON i.item_id = f.subject_id
ORDER BY named DESC, kind, weight DESC, fact;
