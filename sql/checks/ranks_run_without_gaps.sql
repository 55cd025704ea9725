-- Every list, served or an arm's, ranks a user's items 1, 2, 3 … by falling score.
SELECT served, arm, user_id, rank, item_id, score, place, previous_score
FROM (
    SELECT *, row_number() OVER ranked AS place, lag(score) OVER ranked AS previous_score
    FROM recommendations
    WINDOW ranked AS (PARTITION BY served, arm, user_id ORDER BY rank)
)
WHERE rank <> place OR NOT isfinite(score) OR score > previous_score
ORDER BY ALL
