-- liked_category: categories a user likes above the crowd's share. taste_moved: shares that moved in the window,
-- those the user turns to before those they turn from.
WITH likes AS (SELECT user_id, item_id, in_window FROM opinions WHERE label = 1),

touched AS (SELECT DISTINCT user_id FROM events WHERE in_window),

totals AS (
    SELECT user_id, count(*) AS likes, count(*) FILTER (in_window) AS recent, count(*) FILTER (NOT in_window) AS earlier
    FROM likes
    GROUP BY user_id
),

tastes AS (
    SELECT
        user_id,
        category,
        count(*) AS likes,
        count(*) FILTER (in_window) AS recent,
        count(*) FILTER (NOT in_window) AS earlier
    FROM likes
    JOIN item_categories ON item_categories.item_id = likes.item_id
    GROUP BY user_id, category
),

crowd AS (
    SELECT category, sum(likes) / (SELECT sum(likes) FROM totals) AS share
    FROM tastes
    GROUP BY category
),

liked AS (
    SELECT
        tastes.user_id,
        'liked_category' AS kind,
        tastes.category AS text,
        (tastes.likes + $lift_prior) / (totals.likes * crowd.share + $lift_prior) AS weight
    FROM tastes
    JOIN totals ON totals.user_id = tastes.user_id
    JOIN crowd ON crowd.category = tastes.category
    WHERE tastes.likes >= $min_support AND weight >= $min_lift
),

moved AS (
    SELECT
        tastes.user_id,
        'taste_moved' AS kind,
        tastes.category AS text,
        tastes.recent / totals.recent - tastes.earlier / totals.earlier AS weight
    FROM tastes
    JOIN totals ON totals.user_id = tastes.user_id
    WHERE
        totals.recent >= $taste_min_likes
        AND totals.earlier >= $taste_min_likes
        AND abs(tastes.recent / totals.recent - tastes.earlier / totals.earlier) >= $taste_min_difference
)

SELECT
    'user' AS side,
    facts.user_id AS subject_id,
    kind,
    text,
    round(weight, 4) AS weight,
    row_number() OVER (PARTITION BY facts.user_id, kind ORDER BY weight < 0, abs(weight) DESC, text) AS place
FROM (FROM liked UNION ALL FROM moved) AS facts
SEMI JOIN touched ON touched.user_id = facts.user_id
QUALIFY place <= $facts_per_kind;
