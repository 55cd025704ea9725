-- How many seconds did each asset take in each window? A null asset or window stands for all of them.
SELECT asset, "window", sum(seconds) AS seconds
FROM partitions
GROUP BY CUBE (asset, "window")
ORDER BY asset NULLS LAST, "window" NULLS LAST;
