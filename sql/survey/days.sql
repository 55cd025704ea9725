-- Rows of raw_interactions by day in UTC.
SELECT ts::DATE AS day, count(*) AS n
FROM raw_interactions
GROUP BY day
ORDER BY day;
