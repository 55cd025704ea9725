-- How concentrated are the lists of each arm for the same users, and how much of the catalogue do they reach?
-- The users are a sample; its size is the measure sampled_users. Gini as in exposure_over_time.
SELECT
    "window", arm, round(any_value(value) FILTER (measure = 'exposure_gini'), 4) AS gini,
    round(any_value(value) FILTER (measure = 'catalogue_coverage'), 4) AS coverage
FROM bias_audit
WHERE measure IN ('exposure_gini', 'catalogue_coverage') AND arm NOT IN ('events', 'recommended')
GROUP BY ALL
ORDER BY ALL;
