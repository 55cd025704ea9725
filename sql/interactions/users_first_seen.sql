-- Users of user_rows whose first readable interaction lies in [start, end); before start too for an opening window.
WITH seen AS (
    SELECT user_id, min(microseconds) AS first_us
    FROM (
        SELECT trim(user_id) AS user_id, microseconds_of("timestamp", $timestamp_format) AS microseconds
        FROM source_rows
        WHERE splits
    )
    WHERE microseconds >= 0 AND microseconds < $end_us AND microseconds <= $now_us
    GROUP BY user_id
),

described AS (
    SELECT * REPLACE (trim(user_id) AS user_id)
    FROM user_rows
    QUALIFY row_number() OVER (PARTITION BY trim(user_id) ORDER BY user_row) = 1
)

SELECT described.user_id, attribute_values, make_timestamp(first_us) AT TIME ZONE 'UTC' AS first_seen
FROM described
JOIN seen ON seen.user_id = described.user_id
WHERE described.user_id <> '' AND ($opening OR first_us >= $start_us)
ORDER BY described.user_id;
