-- What was said of items the moment they arrived, and what once people had met them?
-- An arrival is written from metadata alone, by the policy of the window before.
SELECT
    i.title, a.valid_from AS arrived, a.reason AS on_arrival,
    count(e.event_id) AS events_since, any_value(n.action) AS next_action, any_value(n."window") AS next_window,
    any_value(n.reason) AS next_reason
FROM corrected_reasons a
LEFT JOIN (
    SELECT subject_id, action, "window", reason
    FROM corrected_reasons
    WHERE side = 'item' AND action <> 'arrived'
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY valid_from) = 1
) n USING (subject_id)
LEFT JOIN items i ON i.item_id = a.subject_id
LEFT JOIN cleaned_interactions e ON e.item_id = a.subject_id
WHERE a.action = 'arrived'
GROUP BY a.subject_id, i.title, a.valid_from, a.reason
ORDER BY events_since DESC, a.subject_id;
