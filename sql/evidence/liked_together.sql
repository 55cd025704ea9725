-- co_liked: titles that an item's likers like more often than everyone does.
-- dislikers_liked: titles that those who disliked it like more often than all who had it.
WITH touched AS (SELECT DISTINCT item_id FROM events WHERE in_window),

likes AS (
    SELECT user_id, item_id
    FROM opinions
    WHERE label = 1
    QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY ts DESC, item_id) <= $likes_per_user
),

popularity AS (SELECT item_id, count(*) AS likers FROM likes GROUP BY item_id),

people AS (SELECT count(DISTINCT user_id) AS n FROM likes),

subjects AS (
    SELECT item_id, count(*) FILTER (label = 1) AS likers, count(*) FILTER (label = 0) AS dislikers
    FROM opinions
    SEMI JOIN touched ON touched.item_id = opinions.item_id
    GROUP BY item_id
),

pairs AS (
    SELECT
        mine.item_id AS subject_id,
        other.item_id,
        count(*) FILTER (mine.label = 1) AS likers,
        count(*) FILTER (mine.label = 0) AS dislikers
    FROM opinions AS mine
    SEMI JOIN touched ON touched.item_id = mine.item_id
    JOIN likes AS other ON other.user_id = mine.user_id AND other.item_id <> mine.item_id
    GROUP BY ALL
    HAVING greatest(likers, dislikers) >= $min_support
),

lifts AS (
    SELECT
        subject_id,
        pairs.item_id,
        'co_liked' AS kind,
        pairs.likers AS support,
        (pairs.likers + $lift_prior)
        / (subjects.likers * popularity.likers / people.n + $lift_prior) AS lift
    FROM pairs
    JOIN subjects ON subjects.item_id = subject_id
    JOIN popularity ON popularity.item_id = pairs.item_id
    CROSS JOIN people
    UNION ALL
    SELECT
        subject_id,
        pairs.item_id,
        'dislikers_liked',
        pairs.dislikers,
        (pairs.dislikers + $lift_prior)
        / (
            subjects.dislikers * (pairs.likers + pairs.dislikers) / (subjects.likers + subjects.dislikers)
            + $lift_prior
        )
    FROM pairs
    JOIN subjects ON subjects.item_id = subject_id
),

titled AS (
    SELECT lifts.*, other.title AS text
    FROM lifts
    JOIN catalogue AS other ON other.item_id = lifts.item_id
    JOIN catalogue AS own ON own.item_id = lifts.subject_id
    WHERE support >= $min_support AND lift >= $min_lift AND other.title <> own.title
    -- Two items may share a title; the stronger one speaks for it.
    QUALIFY row_number() OVER (PARTITION BY subject_id, kind, other.title ORDER BY lift DESC, lifts.item_id) = 1
)

SELECT
    'item' AS side,
    subject_id,
    kind,
    text,
    round(lift, 4) AS weight,
    row_number() OVER (PARTITION BY subject_id, kind ORDER BY lift DESC, support DESC, text) AS place
FROM titled
QUALIFY place <= $facts_per_kind;
