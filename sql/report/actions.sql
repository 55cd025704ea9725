-- What became of each window's reviews?
SELECT "window", side, action, count(*) AS reviews
FROM corrected_reasons
GROUP BY ALL
ORDER BY ALL;
