-- Good events before the window's end; item evidence reads evidence-group users, user evidence evidence-group items.
CREATE OR REPLACE TEMP TABLE events AS
SELECT
    user_id,
    item_id,
    ts,
    label,
    rating,
    ts >= $start AS in_window,
    ts >= $start - ($end - $start) AND ts < $start AS in_window_before,
    subject_group(user_id) = 'evidence' AS user_in_evidence,
    subject_group(item_id) = 'evidence' AS item_in_evidence
FROM cleaned
WHERE quarantine_code IS NULL AND ts < $end;
