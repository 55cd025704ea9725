-- What does the last window recommend to whom, and what moved the score? By user and rank.
SELECT
    r."window", r.user_id, r.rank, r.item_id, i.title, round(r.score, 4) AS score,
    [{'part': w.part, 'item_id': w.item_id, 'text': if(w.part = 'history', w.text, NULL), 'drop': round(w.score_drop, 4)}
     FOR w IN r.why] AS why
FROM recommendations r LEFT JOIN items i USING (item_id)
WHERE r."window" = (SELECT max("window") FROM recommendations)
ORDER BY r.user_id, r.rank;
