-- liker_category: categories over-represented among the other likes of an item's likers.
WITH likes AS (SELECT user_id, item_id FROM opinions WHERE label = 1),

totals AS (SELECT user_id, count(*) AS likes FROM likes GROUP BY user_id),

tastes AS (
    SELECT user_id, category, count(*) AS likes
    FROM likes
    JOIN item_categories ON item_categories.item_id = likes.item_id
    GROUP BY user_id, category
),

crowd AS (
    SELECT category, sum(likes) / (SELECT sum(likes) FROM totals) AS share
    FROM tastes
    GROUP BY category
),

likers AS (
    SELECT likes.item_id, likes.user_id
    FROM likes
    SEMI JOIN (SELECT item_id FROM events WHERE in_window) AS touched ON touched.item_id = likes.item_id
),

subjects AS (
    SELECT item_id, count(*) AS likers, sum(totals.likes) - count(*) AS other_likes
    FROM likers
    JOIN totals ON totals.user_id = likers.user_id
    GROUP BY item_id
),

counted AS (
    SELECT
        likers.item_id,
        tastes.category,
        -- The item itself is among its likers' likes and must not speak for its own categories.
        sum(tastes.likes) - count(own.item_id) AS likes
    FROM likers
    JOIN tastes ON tastes.user_id = likers.user_id
    LEFT JOIN item_categories AS own ON own.item_id = likers.item_id AND own.category = tastes.category
    GROUP BY likers.item_id, tastes.category
),

lifts AS (
    SELECT
        counted.item_id AS subject_id,
        counted.category AS text,
        counted.likes,
        (counted.likes + $category_prior) / (subjects.other_likes * crowd.share + $category_prior) AS lift
    FROM counted
    JOIN subjects ON subjects.item_id = counted.item_id
    JOIN crowd ON crowd.category = counted.category
    WHERE subjects.likers >= $min_support AND counted.likes >= $min_support
)

SELECT
    'item' AS side,
    subject_id,
    'liker_category' AS kind,
    text,
    round(lift, 4) AS weight,
    row_number() OVER (PARTITION BY subject_id ORDER BY lift DESC, likes DESC, text) AS place
FROM lifts
WHERE lift >= $min_lift
QUALIFY place <= $facts_per_kind;
