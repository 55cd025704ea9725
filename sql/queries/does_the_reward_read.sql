-- Does the reward model read: does an item's (or user's) own reason predict better than none, and than another's?
SELECT "window", slice, arm, metric, round(value, 4) AS value, round(ci_low, 4) AS ci_low, round(ci_high, 4) AS ci_high, n
FROM evaluations
WHERE subject = 'reward_model' AND arm LIKE 'own_reason − %' AND metric IN ('auc', 'log_loss')
ORDER BY "window", metric, slice, arm;
