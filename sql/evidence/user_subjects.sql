-- Users touched in the window by any good event; counts on evidence-group items, exposure on all.
SELECT
    'user' AS side,
    user_id AS subject_id,
    NULL::VARCHAR AS title,
    []::VARCHAR[] AS categories,
    NULL::VARCHAR AS description,
    count(*) FILTER (item_in_evidence) AS n_events,
    count(*) FILTER (item_in_evidence AND label = 1) AS n_likes,
    count(*) FILTER (in_window) AS events_in_window
FROM events
GROUP BY user_id
HAVING events_in_window > 0
ORDER BY subject_id;
