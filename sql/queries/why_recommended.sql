-- What moved the score of each recommendation of the last window, and by how much does it fall without it?
-- A part is one liked item of the user's history, the item's reason, or the user's interest.
SELECT user_id, rank, title, part.part, part.text, round(part.score_drop, 4) AS score_drop
FROM (
    SELECT r.user_id, r.rank, i.title, unnest(r.why) AS part
    FROM recommendations r LEFT JOIN items i USING (item_id)
    WHERE r."window" = (SELECT max("window") FROM recommendations)
)
ORDER BY user_id, rank, score_drop DESC;
