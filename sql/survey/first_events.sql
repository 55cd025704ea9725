-- The first rows of source_rows as the source has them, when each was, and why it can be no event; NULL where it can.
SELECT
    user_id,
    item_id,
    "timestamp",
    make_timestamp(CASE WHEN code IS NULL THEN microseconds END) AS utc,
    code
FROM (
    SELECT
        *,
        CASE
            WHEN reject_code(splits, microseconds, $now_us) IS NOT NULL THEN reject_code(splits, microseconds, $now_us)
            WHEN coalesce(trim(user_id), '') = '' THEN 'missing_user'
            WHEN coalesce(trim(item_id), '') = '' THEN 'missing_item'
            WHEN NOT $implicit AND NOT coalesce(isfinite(TRY_CAST(rating AS DOUBLE)), FALSE) THEN 'unparseable_rating'
        END AS code
    FROM (
        SELECT *, microseconds_of("timestamp", $timestamp_format) AS microseconds
        FROM source_rows
        LIMIT $rows
    )
);
