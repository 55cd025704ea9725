-- A review has a known action and a cause, and leaves a reason unless it withdrew one.
SELECT side, subject_id, action, cause, reason
FROM corrected_reasons
WHERE
    coalesce(action NOT IN ('arrived', 'created', 'corrected', 'kept', 'withdrawn'), true)
    OR cause IS NULL
    OR (reason IS NULL) <> (action = 'withdrawn')
ORDER BY side, subject_id
