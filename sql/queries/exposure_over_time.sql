-- How concentrated are events and recommendations, and how much of the catalogue do they reach?
-- Gini: 0 when all items have equal shares, 1 when one has all.
SELECT
    "window", arm,
    round(max(value) FILTER (measure = 'exposure_gini'), 4) AS gini,
    round(max(value) FILTER (measure = 'catalogue_coverage'), 4) AS catalogue_coverage,
    max(n) AS catalogue
FROM bias_audit
WHERE measure IN ('exposure_gini', 'catalogue_coverage') AND arm IN ('events', 'recommended')
GROUP BY "window", arm
ORDER BY "window", arm;
