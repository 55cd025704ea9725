-- What each user thinks of each evidence-group item: the label of their last event on it.
CREATE OR REPLACE TEMP TABLE opinions AS
SELECT
    user_id,
    item_id,
    arg_max(label, ts) AS label,
    arg_max(rating, ts) AS rating,
    max(ts) AS ts,
    max(ts) >= $start AS in_window
FROM events
WHERE item_in_evidence
GROUP BY user_id, item_id;
