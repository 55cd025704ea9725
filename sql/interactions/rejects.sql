-- Rows of source_rows that belong to no window, and why.
SELECT source_row, reject_code, raw
FROM (
    SELECT
        source_row,
        CASE
            WHEN NOT splits THEN 'invalid_row'
            WHEN microseconds IS NULL THEN 'unreadable_time'
            WHEN microseconds < 0 THEN 'negative_time'
            WHEN microseconds > $now_us THEN 'future_time'
        END AS reject_code,
        coalesce(
            line,
            to_json({user_id: user_id, item_id: item_id, rating: rating, "timestamp": "timestamp"})::VARCHAR
        ) AS raw
    FROM (SELECT *, microseconds_of("timestamp", $timestamp_format) AS microseconds FROM source_rows)
)
WHERE reject_code IS NOT NULL
ORDER BY source_row;
