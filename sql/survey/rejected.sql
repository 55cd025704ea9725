-- Rows of source_rows that belong to no window, by code.
SELECT code, count(*) AS n
FROM (
    SELECT reject_code(splits, microseconds_of("timestamp", $timestamp_format), $now_us) AS code FROM source_rows
)
WHERE code IS NOT NULL
GROUP BY code
ORDER BY code;
