-- Which windows have recommendations, in order?
SELECT "window" FROM partitions WHERE asset = 'recommendations' ORDER BY "window";
