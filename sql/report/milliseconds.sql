-- How long did RL take to write a completion, and to reward it? Means over the completions of each window's training.
SELECT
    "window", (metrics ->> 'completions')::DOUBLE::BIGINT AS completions,
    (metrics ->> 'generation_milliseconds_per_completion')::DOUBLE AS generation,
    (metrics ->> 'reward_milliseconds_per_completion')::DOUBLE AS reward
FROM partitions
WHERE asset = 'rl_policy' AND metrics ->> 'reward_milliseconds_per_completion' IS NOT NULL
ORDER BY "window";
