-- A reason is replaced only where the gain's lower bound is above 0, or where it named what the evidence no longer says.
SELECT side, subject_id, cause, gain, gain_lower_bound, acceptance_events, reason, previous_reason
FROM corrected_reasons
WHERE action = 'corrected' AND cause <> 'ungrounded'
    AND NOT coalesce(gain_lower_bound > 0 AND isfinite(gain_lower_bound), false)
ORDER BY side, subject_id
