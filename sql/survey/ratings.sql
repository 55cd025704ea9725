-- The most frequent ratings of raw_interactions that are numbers, with their lowest and highest.
SELECT rating, n, min(rating) OVER () AS lowest, max(rating) OVER () AS highest, sum(n) OVER () AS rated
FROM (
    SELECT TRY_CAST(rating AS DOUBLE) AS rating, count(*) AS n
    FROM raw_interactions
    WHERE isfinite(TRY_CAST(rating AS DOUBLE))
    GROUP BY ALL
)
ORDER BY n DESC, rating
LIMIT $most;
