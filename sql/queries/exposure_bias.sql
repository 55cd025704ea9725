-- Does the ranker recommend the popular beyond their popularity?
-- d01 is the least popular tenth of the catalogue, d10 the most. over_events above 1: recommended more than it is had.
SELECT
    "window", bucket AS decile,
    round(max(value) FILTER (measure = 'event_share'), 4) AS share_of_events,
    round(max(value) FILTER (measure = 'exposure_share'), 4) AS share_of_recommendations,
    round(
        max(value) FILTER (measure = 'exposure_share') / nullif(max(value) FILTER (measure = 'event_share'), 0), 2
    ) AS over_events,
    round(max(value) FILTER (measure = 'reason_share'), 3) AS recommended_with_a_reason
FROM bias_audit
WHERE measure IN ('event_share', 'exposure_share', 'reason_share') AND regexp_matches(bucket, '^d\d+$')
GROUP BY "window", bucket
ORDER BY "window" DESC, decile DESC;
