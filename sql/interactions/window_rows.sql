-- Rows of source_rows with start <= ts < end, as text, in the order of the source.
SELECT
    source_row,
    user_id,
    item_id,
    rating,
    "timestamp",
    make_timestamp(microseconds) AT TIME ZONE 'UTC' AS ts
FROM (
    SELECT *, microseconds_of("timestamp", $timestamp_format) AS microseconds
    FROM source_rows
    WHERE splits
)
WHERE microseconds >= greatest($start_us::BIGINT, 0) AND microseconds < $end_us AND microseconds <= $now_us
ORDER BY source_row;
