-- Where do the reasons in force of the subjects $shown lie? Unit vectors, one a subject.
WITH latest AS (
    SELECT subject_id, embedding
    FROM reason_embeddings
    WHERE side = $side AND role IN ('corrected', 'arrival')
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY valid_from DESC) = 1
)
SELECT subject_id AS id, embedding
FROM latest JOIN current_reasons c USING (subject_id)
WHERE c.side = $side AND embedding IS NOT NULL AND subject_id IN (SELECT unnest($shown))
ORDER BY subject_id;
