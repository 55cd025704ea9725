-- recent_like, recent_dislike: a user's latest verdicts. parts_from_crowd: verdicts far from the others' like rate.
WITH everyone AS (SELECT avg(label) AS like_rate FROM opinions),

crowd AS (SELECT item_id, count(*) AS people, sum(label) AS likes FROM opinions GROUP BY item_id),

verdicts AS (
    SELECT
        opinions.user_id,
        opinions.item_id,
        catalogue.title AS text,
        opinions.label,
        opinions.rating,
        opinions.ts,
        crowd.people - 1 AS others,
        opinions.label
        - (crowd.likes - opinions.label + $crowd_prior * everyone.like_rate)
        / nullif(crowd.people - 1 + $crowd_prior, 0) AS difference
    FROM opinions
    SEMI JOIN (SELECT user_id FROM events WHERE in_window) AS touched ON touched.user_id = opinions.user_id
    JOIN crowd ON crowd.item_id = opinions.item_id
    JOIN catalogue ON catalogue.item_id = opinions.item_id
    CROSS JOIN everyone
    QUALIFY row_number() OVER (
        PARTITION BY opinions.user_id, catalogue.title ORDER BY opinions.ts DESC, opinions.item_id
    ) = 1
),

recent AS (
    SELECT
        user_id,
        CASE label WHEN 1 THEN 'recent_like' ELSE 'recent_dislike' END AS kind,
        text,
        coalesce(difference, 0) AS weight,
        -- Within one moment the strongest verdict comes first, then the one that says most about this person.
        row_number() OVER (
            PARTITION BY user_id, label
            ORDER BY ts DESC, abs(rating - everyone.middle) DESC NULLS LAST, abs(coalesce(difference, 0)) DESC, text
        ) AS place
    FROM verdicts
    CROSS JOIN (SELECT (min(rating) + max(rating)) / 2 AS middle FROM opinions) AS everyone
),

parting AS (
    SELECT
        user_id,
        'parts_from_crowd' AS kind,
        text,
        difference AS weight,
        row_number() OVER (PARTITION BY user_id ORDER BY abs(difference) DESC, ts DESC, text) AS place
    FROM verdicts
    WHERE others >= $crowd_min_people AND abs(difference) >= $crowd_min_difference
)

SELECT 'user' AS side, user_id AS subject_id, kind, text, round(weight, 4) AS weight, place
FROM (FROM recent UNION ALL FROM parting)
WHERE place <= $facts_per_kind;
