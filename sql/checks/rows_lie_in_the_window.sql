-- Every raw row's time lies in its window.
SELECT source_row, user_id, item_id, ts
FROM raw_interactions
WHERE ts < $window_start OR ts >= $window_end
ORDER BY source_row
