-- The first rows of item_rows.
SELECT trim(item_id) AS item_id, nullif(trim(title), '') AS title
FROM item_rows
LIMIT $rows;
