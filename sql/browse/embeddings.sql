-- Where do the reasons in force of the subjects $shown lie? Unit vectors, one a subject.
SELECT subject_id AS id, embedding
FROM current_reason_embeddings
WHERE side = $side AND embedding IS NOT NULL AND subject_id IN (SELECT unnest($shown))
ORDER BY subject_id;
