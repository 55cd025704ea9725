-- Do reasons fare better where much is known: reward, gain and acceptance by decile of popularity?
-- d01 is the least popular tenth of the catalogue (or of the users), d10 the most; reward and gain in nats per event.
SELECT
    "window", arm, bucket AS decile,
    max(n) FILTER (measure = 'review_share') AS reviews,
    round(max(value) FILTER (measure = 'reward'), 4) AS mean_reward,
    round(max(value) FILTER (measure = 'gain'), 4) AS mean_gain,
    round(max(value) FILTER (measure = 'acceptance_rate'), 3) AS acceptance_rate,
    round(max(value) FILTER (measure = 'candidates_refused'), 3) AS candidates_refused,
    round(max(value) FILTER (measure = 'withdrawn_share'), 3) AS withdrawn_share
FROM bias_audit
WHERE arm IN ('item_reasons', 'user_interests') AND regexp_matches(bucket, '^d\d+$')
GROUP BY "window", arm, bucket
HAVING reviews > 0
ORDER BY "window" DESC, arm, decile DESC;
