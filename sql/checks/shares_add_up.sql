-- The deciles' shares of the catalogue, of events and of recommendations each make one whole.
SELECT measure, arm, sum(value) AS total
FROM bias_audit
WHERE measure IN ('item_share', 'event_share', 'exposure_share')
GROUP BY measure, arm
HAVING count(value) > 0 AND abs(sum(value) - 1) > 1e-6
ORDER BY measure, arm
