-- Every embedding has length 1; only a withdrawal has none.
SELECT role, side, subject_id, reason_hash, norm
FROM (SELECT *, sqrt(array_inner_product(embedding, embedding)) AS norm FROM reason_embeddings)
WHERE
    CASE
        WHEN embedding IS NULL THEN role <> 'corrected' OR reason_hash IS NOT NULL
        ELSE NOT isfinite(norm) OR abs(norm - 1) > 1e-3
    END
ORDER BY role, side, subject_id
