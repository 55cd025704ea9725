-- What does $window recommend to each user? One row a user, the list in order of rank; as_of is the window's end.
SELECT
    $chain AS chain, $window AS "window",
    (SELECT max(as_of) FROM evidence WHERE "window" = $window) AS as_of,
    (SELECT artifact_id FROM partitions WHERE asset = 'recommendations' AND "window" = $window) AS artifact_id,
    r.user_id,
    list(
        {
            'rank': r.rank, 'item_id': r.item_id, 'title': i.title, 'score': r.score, 'reason': r.reason,
            'because': r.because, 'why': r.why
        } ORDER BY r.rank
    ) AS items
FROM recommendations r LEFT JOIN items i USING (item_id)
WHERE r."window" = $window
GROUP BY r.user_id
ORDER BY r.user_id;
