-- How concentrated are events and recommendations, and how much of the catalogue do they reach?
-- Gini: 0 when all items have equal shares, 1 when one has all. events and recommended count everybody; an arm of the
-- ranker, the lists that it would make for a sample of the users.
SELECT
    "window", arm,
    round(max(value) FILTER (measure = 'exposure_gini'), 4) AS gini,
    round(max(value) FILTER (measure = 'catalogue_coverage'), 4) AS catalogue_coverage,
    max(n) AS catalogue
FROM bias_audit
WHERE measure IN ('exposure_gini', 'catalogue_coverage')
GROUP BY "window", arm
ORDER BY "window", arm NOT IN ('events', 'recommended'), arm;
