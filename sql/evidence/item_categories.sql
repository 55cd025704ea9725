-- One row per item and category.
CREATE OR REPLACE TEMP TABLE item_categories AS
SELECT DISTINCT item_id, unnest(categories) AS category FROM catalogue;
