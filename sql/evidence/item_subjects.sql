-- Items touched in the window by any good event; counts of evidence-group users, exposure of everyone.
SELECT
    'item' AS side,
    events.item_id AS subject_id,
    any_value(catalogue.title) AS title,
    any_value(catalogue.categories) AS categories,
    any_value(catalogue.description) AS description,
    count(*) FILTER (user_in_evidence) AS n_events,
    count(*) FILTER (user_in_evidence AND label = 1) AS n_likes,
    count(*) FILTER (in_window) AS events_in_window
FROM events
LEFT JOIN catalogue ON catalogue.item_id = events.item_id
GROUP BY events.item_id
HAVING events_in_window > 0
ORDER BY subject_id;
