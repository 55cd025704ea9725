-- Raw rows are good rows, quarantined rows and merged duplicates: none is lost and none is made up.
SELECT *
FROM (
    SELECT
        (SELECT count(*) FROM raw_interactions) AS raw,
        count(*) FILTER (quarantine_code IS NULL) AS good,
        count(*) FILTER (quarantine_code IS NOT NULL) AS quarantined,
        coalesce(sum(merged_duplicates), 0) AS merged
    FROM cleaned_interactions
)
WHERE raw <> good + quarantined + merged
