-- Every reason that the window set has an embedding under its text's hash, and nothing else has one.
WITH reasons AS (
    SELECT 'arrival' AS role, side, subject_id, reason FROM arrival_reasons WHERE grounded
    UNION ALL
    SELECT 'draft', side, subject_id, arg_min(reason, sample) FROM draft_reasons WHERE reason IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT 'corrected', side, subject_id, reason FROM corrected_reasons WHERE action IN ('created', 'corrected', 'withdrawn')
    UNION ALL
    SELECT 'rl_sample', side, subject_id, first_sample FROM corrected_reasons WHERE first_sample IS NOT NULL
), hashed AS (
    SELECT role, side, subject_id, reason, substr(sha256(reason), 1, 16) AS expected_hash FROM reasons
)
SELECT
    coalesce(h.role, e.role) AS role, coalesce(h.side, e.side) AS side,
    coalesce(h.subject_id, e.subject_id) AS subject_id, h.reason, h.expected_hash, e.reason_hash
FROM hashed h
FULL JOIN reason_embeddings e ON e.role = h.role AND e.side = h.side AND e.subject_id = h.subject_id
WHERE h.role IS NULL OR e.role IS NULL OR e.reason_hash IS DISTINCT FROM h.expected_hash
ORDER BY ALL
