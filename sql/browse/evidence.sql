-- What does behaviour say of each of the subjects $shown now? The latest evidence of each.
SELECT subject_id AS id, "window", evidence_text AS text,
    [{'kind': f.kind, 'text': f.text, 'below': f.weight < 0} FOR f IN facts] AS facts
FROM evidence
WHERE side = $side AND subject_id IN (SELECT unnest($shown))
QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY as_of DESC) = 1;
