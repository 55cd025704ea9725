-- A recommendation carries the reason that its item holds as of the window's end, or none where the item has none.
WITH standing AS (
    -- Wrapped, since arg_max passes over a reason that is null: one that was withdrawn.
    SELECT subject_id AS item_id, arg_max(struct_pack(reason := reason), valid_from).reason AS reason
    FROM corrected_reasons
    WHERE side = 'item' AND action <> 'kept'
    GROUP BY subject_id
)
SELECT r.user_id, r.rank, r.item_id, r.reason, s.reason AS standing_reason
FROM recommendations r
LEFT JOIN standing s USING (item_id)
WHERE coalesce(r.served, true) AND r.reason IS DISTINCT FROM s.reason
ORDER BY r.user_id, r.rank
