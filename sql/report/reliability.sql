-- How likely did the reward model call held-out events, and how many were likes? Each bin of the last window that tells.
SELECT
    "window", bin ->> 'slice' AS slice, bin ->> 'arm' AS arm, (bin ->> 'low')::DOUBLE AS low, (bin ->> 'n')::BIGINT AS n,
    (bin ->> 'predicted')::DOUBLE AS predicted, (bin ->> 'observed')::DOUBLE AS observed
FROM (
    SELECT "window", unnest(CAST(metrics -> 'reliability' AS JSON[])) AS bin
    FROM partitions
    WHERE asset = 'reward_model'
)
QUALIFY "window" = max("window") OVER ()
ORDER BY slice, arm, low;
