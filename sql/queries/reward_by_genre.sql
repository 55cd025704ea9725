-- In which genres do reasons help to predict who likes an item, and where are they replaced or withdrawn?
-- Rewards are in nats per event: above 0, the reason tells more than none does. An item counts in each of its genres.
SELECT
    genre, count(*) AS reviews, count(c.reward) AS scored, round(avg(c.reward), 4) AS mean_reward,
    round(avg((c.reward > 0)::INT), 3) AS share_above_0, count(*) FILTER (c.action = 'corrected') AS corrected,
    count(*) FILTER (c.action = 'withdrawn') AS withdrawn
FROM corrected_reasons c
JOIN (SELECT item_id, unnest(categories) AS genre FROM items) g ON g.item_id = c.subject_id
WHERE c.side = 'item' AND c.action <> 'arrived'
GROUP BY genre
ORDER BY reviews DESC, genre;
