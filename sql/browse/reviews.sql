-- What did each review of the subjects $shown do, and why? The latest $most of each, in order; of_all counts them all.
SELECT
    subject_id AS id, "window", strftime(valid_from, '%Y-%m-%d') AS valid_from, action, cause,
    if(action IN ('kept', 'withdrawn'), NULL, reason) AS reason, reward, gain, gain_lower_bound,
    acceptance_events AS events, count(*) OVER (PARTITION BY subject_id) AS of_all
FROM corrected_reasons
WHERE side = $side AND subject_id IN (SELECT unnest($shown))
QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY valid_from DESC, "window" DESC) <= $most
ORDER BY subject_id, valid_from, "window";
