-- How did training go? Each learning curve of each window's model of $asset, in steps; what is no number is left out.
SELECT "window", point.name AS name, point.step AS step, point.value AS value
FROM (SELECT "window", unnest(curves) AS point FROM artifacts WHERE asset = $asset)
WHERE isfinite(point.value)
ORDER BY name, "window", step;
