-- What was one user recommended, why, and did they take it in the window after?
-- Asks of the user with most events after having been recommended something; another: `SET VARIABLE user = '13'`.
-- what_moved_the_score: parts of what the ranker knew without which the score would be lower, the largest drop first.
-- Nobody was shown these lists: taken means that the user found the item anyway. Null: there is no window after yet.
WITH windows AS (
    SELECT "window", lead("window") OVER (ORDER BY "window") AS window_after
    FROM partitions
    WHERE asset = 'cleaned_interactions'
), chosen AS (
    SELECT coalesce(getvariable('user'), (
        SELECT user_id
        FROM cleaned_interactions e
        JOIN windows w ON w.window_after = e."window"
        SEMI JOIN recommendations r ON r.user_id = e.user_id AND r."window" = w."window"
        GROUP BY user_id
        ORDER BY count(*) DESC, user_id
        LIMIT 1
    )) AS user_id
), verdicts AS (
    SELECT user_id, item_id, "window", arg_max(label, ts) AS label
    FROM cleaned_interactions
    GROUP BY user_id, item_id, "window"
)
SELECT
    r.user_id, r."window", r.rank, i.title, r.reason, [b.title FOR b IN r.because] AS because_they_liked,
    [p.part || ' −' || round(p.score_drop, 4) || ': ' || p.text FOR p IN r.why] AS what_moved_the_score, w.window_after,
    CASE
        WHEN w.window_after IS NULL THEN NULL
        WHEN v.label = 1 THEN 'taken and liked'
        WHEN v.label = 0 THEN 'taken and disliked'
        ELSE 'not taken'
    END AS outcome
FROM recommendations r
JOIN chosen USING (user_id)
JOIN windows w USING ("window")
LEFT JOIN items i ON i.item_id = r.item_id
LEFT JOIN verdicts v ON v.user_id = r.user_id AND v.item_id = r.item_id AND v."window" = w.window_after
ORDER BY r."window", r.rank;
