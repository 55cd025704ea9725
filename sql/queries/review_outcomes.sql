-- What became of each window's reviews, by side, action and cause?
SELECT
    "window", side, action, cause, count(*) AS reviews, round(avg(gain), 4) AS mean_gain,
    round(avg(acceptance_events), 1) AS mean_acceptance_events, sum(candidates)::BIGINT AS candidates,
    sum(candidates_passing_gates)::BIGINT AS passing_gates
FROM corrected_reasons
GROUP BY ALL
ORDER BY ALL;
