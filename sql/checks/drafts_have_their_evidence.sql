-- Every draft's subject has the evidence that the draft was written from.
SELECT DISTINCT d.side, d.subject_id, d.evidence_hash
FROM draft_reasons d
ANTI JOIN evidence e USING (side, subject_id, evidence_hash)
ORDER BY ALL
