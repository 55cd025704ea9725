-- What each evidence-group user thinks of each item: the label of their last event on it.
CREATE OR REPLACE TEMP TABLE opinions AS
SELECT user_id, item_id, arg_max(label, ts) AS label, max(ts) AS ts
FROM events
WHERE user_in_evidence
GROUP BY user_id, item_id;
