-- How much of what was recommended did users take in the window after, with a reason and without?
-- Counts users who were active in the window after. Nobody was shown these lists: taken means that the user found the
-- item anyway; items with a reason are also the better known ones, so the two rows are no experiment.
WITH windows AS (
    SELECT "window", lead("window") OVER (ORDER BY "window") AS window_after
    FROM partitions
    WHERE asset = 'cleaned_interactions'
), verdicts AS (
    SELECT user_id, item_id, "window", arg_max(label, ts) AS label
    FROM cleaned_interactions
    GROUP BY user_id, item_id, "window"
)
SELECT
    r."window", w.window_after, r.reason IS NOT NULL AS with_a_reason, count(*) AS recommended,
    count(DISTINCT r.user_id) AS users, count(v.label) AS taken, count(*) FILTER (v.label = 1) AS liked,
    round(count(v.label) / count(*), 4) AS share_taken
FROM recommendations r
JOIN windows w USING ("window")
SEMI JOIN verdicts back ON back.user_id = r.user_id AND back."window" = w.window_after
LEFT JOIN verdicts v ON v.user_id = r.user_id AND v.item_id = r.item_id AND v."window" = w.window_after
GROUP BY ALL
ORDER BY r."window", with_a_reason DESC;
