-- How did one user's interest move: what was said of them in each window, and what did they turn to and from?
-- Asks of the user whose interest was written most often; another: `SET VARIABLE user = '13'`.
-- One row per window in which the user was active. The interest is the one that held at its end; action and cause are
-- null where the window had no review of it.
WITH chosen AS (
    SELECT coalesce(getvariable('user'), (
        SELECT subject_id
        FROM corrected_reasons
        WHERE side = 'user'
        GROUP BY subject_id
        ORDER BY count(DISTINCT reason) DESC, count(*) DESC, subject_id
        LIMIT 1
    )) AS user_id
), set_or_withdrawn AS (
    SELECT subject_id, reason, valid_from FROM corrected_reasons WHERE side = 'user' AND action <> 'kept'
)
SELECT
    e.subject_id AS user_id, e."window", s.reason AS interest, c.action, c.cause,
    [f.text FOR f IN e.facts IF f.kind = 'taste_moved' AND f.weight > 0] AS turned_to,
    [f.text FOR f IN e.facts IF f.kind = 'taste_moved' AND f.weight < 0] AS turned_from,
    [f.text FOR f IN e.facts IF f.kind = 'recent_like'] AS liked_of_late, e.events_in_window AS events
FROM evidence e
JOIN chosen ON e.side = 'user' AND e.subject_id = chosen.user_id
ASOF LEFT JOIN set_or_withdrawn s ON s.subject_id = e.subject_id AND s.valid_from <= e.as_of
LEFT JOIN corrected_reasons c ON c.side = e.side AND c.subject_id = e.subject_id AND c."window" = e."window"
ORDER BY e."window";
