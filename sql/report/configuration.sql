-- With which values were the models made? Each leaf of their configuration, a list being one value, as the last model
-- that depends on it has it.
SELECT
    substring(leaf.fullkey, 3) AS setting,
    arg_max(coalesce(leaf.atom ->> '$', CAST(leaf.value AS VARCHAR)), struct_pack(made := a."window", asset := a.asset)) AS value
FROM artifacts AS a, json_tree(a.config) AS leaf
WHERE leaf.type <> 'OBJECT' AND NOT contains(leaf.path, '[')
GROUP BY setting
ORDER BY setting;
