-- What reason did the item carry, and what interest the user, at the moment of each event?
-- Asks of the events of the latest window; another: `SET VARIABLE in_window = '1997-11'`.
-- Null: none was written yet, or the last one had been withdrawn. Events that met both come first.
WITH item_reasons_then AS (
    SELECT subject_id, reason, valid_from FROM corrected_reasons WHERE side = 'item' AND action <> 'kept'
), user_interests_then AS (
    SELECT subject_id, reason, valid_from FROM corrected_reasons WHERE side = 'user' AND action <> 'kept'
)
SELECT
    e.ts, e.user_id, i.title, if(e.label = 1, 'liked', 'disliked') AS verdict,
    r.reason AS item_reason, if(r.reason IS NULL, NULL, r.valid_from) AS item_reason_since,
    u.reason AS user_interest, if(u.reason IS NULL, NULL, u.valid_from) AS user_interest_since
FROM cleaned_interactions e
ASOF LEFT JOIN item_reasons_then r ON r.subject_id = e.item_id AND r.valid_from <= e.ts
ASOF LEFT JOIN user_interests_then u ON u.subject_id = e.user_id AND u.valid_from <= e.ts
LEFT JOIN items i ON i.item_id = e.item_id
WHERE e."window" = coalesce(getvariable('in_window'), (SELECT max("window") FROM cleaned_interactions))
ORDER BY (r.reason IS NULL)::INT + (u.reason IS NULL)::INT, e.ts, e.user_id, e.item_id;
