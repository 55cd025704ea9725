-- Whom does the data describe: how many people of each group, how active are they, and how much do they like?
-- Events are all good ones so far; an attribute that is not told of somebody counts them nowhere. No rows where the
-- source describes nobody.
SELECT
    attribute.key AS attribute, attribute.value AS value, count(DISTINCT user_id) AS users,
    count(DISTINCT user_id) FILTER (WHERE last_window) AS active_in_the_last_window, count(*) AS events,
    round(avg(label), 3) AS liked
FROM (SELECT user_id, unnest(map_entries(attributes)) AS attribute FROM users)
JOIN (SELECT user_id, label, "window" = max("window") OVER () AS last_window FROM cleaned_interactions) USING (user_id)
GROUP BY attribute.key, attribute.value
ORDER BY attribute, users DESC, value;
