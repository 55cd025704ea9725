-- The group of a user or item id; curec_assets/interactions/groups.py is the same in Python.
CREATE OR REPLACE TEMP MACRO subject_group(id) AS
    CASE
        WHEN ('0x' || substr(md5(id), 1, 8))::UBIGINT % 100 < 50 THEN 'evidence'
        WHEN ('0x' || substr(md5(id), 1, 8))::UBIGINT % 100 < 75 THEN 'reward'
        ELSE 'acceptance'
    END;
