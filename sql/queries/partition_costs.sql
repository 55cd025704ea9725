-- How many rows does each partition hold, and how long did it take to make?
SELECT asset, "window", "rows", round(seconds, 1) AS seconds, created_at, content_hash[:12] AS content
FROM partitions
ORDER BY "window", created_at;
