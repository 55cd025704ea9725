-- Every reviewed subject has the evidence that its review was decided by, and every arrival its arrival reason.
SELECT c.side, c.subject_id, c.action, c.evidence_hash
FROM corrected_reasons c
WHERE
    CASE
        WHEN c.action = 'arrived' THEN NOT EXISTS (
            SELECT 1 FROM arrival_reasons a
            WHERE a.side = c.side AND a.subject_id = c.subject_id AND a.reason = c.reason
        )
        ELSE NOT EXISTS (
            SELECT 1 FROM evidence e
            WHERE e.side = c.side AND e.subject_id = c.subject_id AND e.evidence_hash = c.evidence_hash
        )
    END
ORDER BY c.side, c.subject_id
