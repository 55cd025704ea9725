-- Rows of source_rows that belong to no window, and why.
SELECT source_row, reject_code, raw
FROM (
    SELECT
        source_row,
        reject_code(splits, microseconds_of("timestamp", $timestamp_format), $now_us) AS reject_code,
        coalesce(
            line,
            to_json({user_id: user_id, item_id: item_id, rating: rating, "timestamp": "timestamp"})::VARCHAR
        ) AS raw
    FROM source_rows
)
WHERE reject_code IS NOT NULL
ORDER BY source_row;
