-- Items of item_rows whose first readable interaction lies in [start, end); before start too for an opening window.
WITH seen AS (
    SELECT item_id, min(microseconds) AS first_us
    FROM (
        SELECT trim(item_id) AS item_id, microseconds_of("timestamp", $timestamp_format) AS microseconds
        FROM source_rows
        WHERE splits
    )
    WHERE microseconds >= 0 AND microseconds < $end_us AND microseconds <= $now_us
    GROUP BY item_id
),

catalogue AS (
    SELECT * REPLACE (trim(item_id) AS item_id)
    FROM item_rows
    QUALIFY row_number() OVER (PARTITION BY trim(item_id) ORDER BY item_row) = 1
)

SELECT
    catalogue.item_id,
    title,
    release_year,
    categories,
    description,
    make_timestamp(first_us) AT TIME ZONE 'UTC' AS first_seen
FROM catalogue
JOIN seen ON seen.item_id = catalogue.item_id
WHERE catalogue.item_id <> '' AND ($opening OR first_us >= $start_us)
ORDER BY catalogue.item_id;
