-- Which reason does each of the subjects $shown carry now, and since when?
SELECT subject_id AS id, reason AS text, strftime(valid_from, '%Y-%m-%d') AS since, "window", action, cause
FROM current_reasons
WHERE side = $side AND subject_id IN (SELECT unnest($shown));
