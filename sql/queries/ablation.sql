-- How good is each arm of the ranker, on each window it was not trained on?
SELECT "window", backbone, arm, metric, round(value, 4) AS value, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high, n
FROM evaluations
WHERE subject = 'ranker' AND slice = 'all'
ORDER BY "window", backbone, metric, arm;
