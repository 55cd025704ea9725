-- An arrival reason is of an item first seen in this window, and holds from that moment.
SELECT a.side, a.subject_id, a.valid_from, i.first_seen
FROM arrival_reasons a
LEFT JOIN items i ON i.item_id = a.subject_id
WHERE a.side <> 'item' OR i.first_seen IS DISTINCT FROM a.valid_from OR i.first_seen < $window_start
ORDER BY a.subject_id
