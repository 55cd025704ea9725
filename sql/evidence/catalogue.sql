-- Items seen before the window's end.
CREATE OR REPLACE TEMP TABLE catalogue AS
SELECT item_id, title, categories, description FROM items WHERE first_seen < $end;
