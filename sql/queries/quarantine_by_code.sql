-- Which rows of the source could not be used, why, and how many?
-- Without a window: rows that have no readable time. share is of the window's raw rows.
WITH unusable AS (
    SELECT "window", quarantine_code AS code, quarantine_detail AS example, source_row FROM quarantined_interactions
    UNION ALL
    SELECT NULL, reject_code, raw, source_row FROM rejects
), raw AS (
    SELECT "window", count(*) AS raw_rows FROM raw_interactions GROUP BY "window"
)
SELECT
    u."window", u.code, count(*) AS "rows", round(count(*) / any_value(raw.raw_rows), 5) AS share,
    arg_min(u.example, u.source_row) AS example
FROM unusable u
LEFT JOIN raw USING ("window")
GROUP BY u."window", u.code
ORDER BY u."window" NULLS FIRST, u.code;
