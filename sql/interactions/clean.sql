-- One row per raw row that is not folded into another: good where quarantine_code is NULL, else quarantined.
WITH trimmed AS (
    SELECT
        source_row,
        ts,
        nullif(trim(user_id), '') AS user_id,
        nullif(trim(item_id), '') AS item_id,
        rating AS rating_text,
        CASE WHEN NOT $implicit AND isfinite(TRY_CAST(rating AS DOUBLE)) THEN TRY_CAST(rating AS DOUBLE) END AS rating
    FROM raw_interactions
),

judged AS (
    SELECT
        trimmed.*,
        CASE
            WHEN trimmed.user_id IS NULL THEN 'missing_user'
            WHEN trimmed.item_id IS NULL THEN 'missing_item'
            WHEN known.item_id IS NULL THEN 'unknown_item'
            WHEN $implicit THEN NULL
            WHEN trimmed.rating IS NULL THEN 'unparseable_rating'
            WHEN trimmed.rating NOT BETWEEN $lowest AND $highest THEN 'rating_off_scale'
        END AS code
    FROM trimmed
    LEFT JOIN (SELECT DISTINCT item_id FROM known_items) AS known ON known.item_id = trimmed.item_id
),

-- The first readable row of a user, item and moment is the event; later rows repeat it or contradict it.
compared AS (
    SELECT
        *,
        first_value(source_row) OVER event_rows AS kept_row,
        first_value(rating) OVER event_rows AS kept_rating
    FROM judged
    WHERE code IS NULL
    WINDOW event_rows AS (PARTITION BY user_id, item_id, ts ORDER BY source_row)
),

merged AS (
    SELECT kept_row, count(*) - 1 AS merged_duplicates
    FROM compared
    WHERE rating IS NOT DISTINCT FROM kept_rating
    GROUP BY kept_row
),

settled AS (
    SELECT
        compared.* EXCLUDE (code, kept_row, kept_rating),
        CASE WHEN rating IS DISTINCT FROM kept_rating THEN 'conflicting_rating' END AS code,
        kept_rating,
        coalesce(merged_duplicates, 0) AS merged_duplicates
    FROM compared
    LEFT JOIN merged ON merged.kept_row = compared.source_row
    WHERE compared.source_row = compared.kept_row OR rating IS DISTINCT FROM kept_rating
    UNION ALL
    SELECT *, NULL AS kept_rating, 0 AS merged_duplicates
    FROM judged
    WHERE code IS NOT NULL
)

SELECT
    substr(md5(concat_ws('|', coalesce(user_id, ''), coalesce(item_id, ''), epoch_us(ts)::VARCHAR)), 1, 16) AS event_id,
    user_id,
    item_id,
    ts,
    rating,
    CASE WHEN code IS NULL THEN CASE WHEN $implicit OR rating >= $like_at THEN 1 ELSE 0 END END AS label,
    code AS quarantine_code,
    CASE code
        WHEN 'missing_user' THEN 'the user id is empty'
        WHEN 'missing_item' THEN 'the item id is empty'
        WHEN 'unknown_item' THEN 'the items file has no item ' || item_id
        WHEN 'unparseable_rating' THEN 'the rating is ' || coalesce('"' || rating_text || '"', 'empty')
        WHEN 'rating_off_scale' THEN 'the rating ' || rating || ' lies outside ' || $lowest || ' to ' || $highest
        WHEN 'conflicting_rating' THEN
            'the same user, item and time was rated ' || kept_rating || ' first and ' || rating || ' here'
    END AS quarantine_detail,
    merged_duplicates,
    source_row
FROM settled
ORDER BY ts, user_id NULLS FIRST, item_id NULLS FIRST, source_row;
