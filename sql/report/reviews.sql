-- What did each window's reviews decide, and which reasons carried into it had stopped being true? Null: never counted.
SELECT
    "window", side,
    json_extract_string(metrics, side || '_judged')::DOUBLE::BIGINT AS judged,
    json_extract_string(metrics, side || '_accepted')::DOUBLE::BIGINT AS accepted,
    json_extract_string(metrics, side || '_expected_false_acceptances')::DOUBLE AS expected_false,
    json_extract_string(metrics, side || '_carried')::DOUBLE::BIGINT AS carried,
    json_extract_string(metrics, side || '_carried_reviewed')::DOUBLE::BIGINT AS carried_reviewed,
    json_extract_string(metrics, side || '_stale')::DOUBLE::BIGINT AS stale,
    json_extract_string(metrics, side || '_stale_replaced')::DOUBLE::BIGINT AS replaced,
    json_extract_string(metrics, side || '_stale_withdrawn')::DOUBLE::BIGINT AS withdrawn,
    json_extract_string(metrics, side || '_stale_left')::DOUBLE::BIGINT AS stale_left
FROM partitions CROSS JOIN (VALUES ('item'), ('user')) AS sides (side)
WHERE asset = 'corrected_reasons'
ORDER BY "window", side;
