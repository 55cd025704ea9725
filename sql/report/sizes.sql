-- How large is the data, how much of it are likes, and of how many items is there which text to read?
-- A title that was missing or junk is a stand-in, and no text.
SELECT
    (SELECT count(*) FROM raw_interactions) AS source_rows,
    (SELECT count(*) FROM quarantined_interactions) AS quarantined,
    events.*, catalogue.*
FROM (
    SELECT count(*) AS events, count(DISTINCT user_id) AS users, avg(label) AS liked FROM cleaned_interactions
) AS events CROSS JOIN (
    SELECT
        count(*) AS items,
        avg(CAST(title IS NOT NULL AND coalesce(title_code, '') NOT IN ('missing', 'html_junk') AS INTEGER)) AS with_title,
        avg(CAST(coalesce(len(categories), 0) > 0 AS INTEGER)) AS with_categories,
        avg(CAST(coalesce(trim(description), '') <> '' AS INTEGER)) AS with_description
    FROM items
) AS catalogue;
