-- How many seconds did each asset take in each window? A null asset or window stands for all of them.
-- Summed as decimals: sums of floats hang on the order of the rows, and so would the last digit that is shown.
SELECT asset, "window", CAST(sum(CAST(seconds AS DECIMAL(18, 6))) AS DOUBLE) AS seconds
FROM partitions
GROUP BY CUBE (asset, "window")
ORDER BY asset NULLS LAST, "window" NULLS LAST;
