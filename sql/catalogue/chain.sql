-- The views and macros of one chain. ${chain} is its quoted schema, ${lake} the quoted absolute path of its folder (a
-- text literal is completed by the file pattern that follows it), ${dimension} the length of its reason embeddings.
CREATE SCHEMA ${chain};

CREATE VIEW ${chain}.items AS
SELECT * FROM read_parquet(${lake} || '/items/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true);
COMMENT ON VIEW ${chain}.items IS 'The catalogue: each item once, in the window it was first seen; title_code says what was done to its title.';

CREATE VIEW ${chain}.raw_interactions AS
SELECT * FROM read_parquet(${lake} || '/raw_interactions/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true);
COMMENT ON VIEW ${chain}.raw_interactions IS 'The rows of the source as text, untouched, in the window of their time.';

CREATE VIEW ${chain}.users AS
SELECT * FROM read_parquet(${lake} || '/users/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true);
COMMENT ON VIEW ${chain}.users IS 'People whom the source describes: each once, in the window of their first event; attributes[''gender''] is one of their attributes, null where it is not told. No model reads them.';

CREATE VIEW ${chain}.rejects AS
SELECT * FROM read_parquet(${lake} || '/rejects/data.parquet');
COMMENT ON VIEW ${chain}.rejects IS 'Source rows with no readable or possible time: they belong to no window. reject_code says why.';

CREATE VIEW ${chain}.cleaned_interactions AS
SELECT event_id, user_id, item_id, ts, rating, label, "window", merged_duplicates, source_row
FROM read_parquet(${lake} || '/cleaned_interactions/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
WHERE quarantine_code IS NULL;
COMMENT ON VIEW ${chain}.cleaned_interactions IS 'Good events: label is 1 for a like, 0 for a dislike; merged_duplicates counts the further raw rows folded into one.';

CREATE VIEW ${chain}.quarantined_interactions AS
SELECT event_id, user_id, item_id, ts, rating, quarantine_code, quarantine_detail, "window", source_row
FROM read_parquet(${lake} || '/cleaned_interactions/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
WHERE quarantine_code IS NOT NULL;
COMMENT ON VIEW ${chain}.quarantined_interactions IS 'Rows that cannot be used, with a code and a detail; raw = cleaned + quarantined + merged duplicates.';

CREATE VIEW ${chain}.evidence AS
SELECT side, subject_id, "window", * EXCLUDE (side, subject_id, "window")
FROM read_parquet(${lake} || '/evidence/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true);
COMMENT ON VIEW ${chain}.evidence IS 'What behaviour says of each item and user touched in the window, counted from the evidence group alone.';

CREATE VIEW ${chain}.draft_reasons AS
SELECT * FROM read_parquet(${lake} || '/draft_reasons/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true);
COMMENT ON VIEW ${chain}.draft_reasons IS 'The aligned LLM''s uncorrected reasons, several samples per subject of the window''s review set.';

CREATE VIEW ${chain}.arrival_reasons AS
SELECT * FROM read_parquet(${lake} || '/arrival_reasons/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true);
COMMENT ON VIEW ${chain}.arrival_reasons IS 'Reasons for items the moment they first appear, from metadata alone, by the policy of the window before.';

CREATE VIEW ${chain}.corrected_reasons AS
SELECT
    side, subject_id, "window", action, cause, reason, previous_reason, reward, previous_reward, gain,
    gain_lower_bound, evidence_hash, prompt_hash, policy_id, reward_model_id, valid_from,
    acceptance_events, candidates, candidates_passing_gates, first_sample
FROM read_parquet(${lake} || '/corrected_reasons/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true);
COMMENT ON VIEW ${chain}.corrected_reasons IS 'Every review: what was done (arrived, created, corrected, kept, withdrawn), why, with which rewards and gain (nats per event).';

CREATE VIEW ${chain}.reason_history AS
SELECT side, subject_id, reason, valid_from, valid_to, "window", action, cause
FROM (
    SELECT *, lead(valid_from) OVER (PARTITION BY side, subject_id ORDER BY valid_from) AS valid_to
    FROM ${chain}.corrected_reasons
    WHERE action IN ('arrived', 'created', 'corrected', 'withdrawn')
)
WHERE action <> 'withdrawn';
COMMENT ON VIEW ${chain}.reason_history IS 'Each reason with the time it held: valid_from <= t < valid_to (null: it still holds).';

CREATE VIEW ${chain}.current_reasons AS
SELECT * EXCLUDE (valid_to) FROM ${chain}.reason_history WHERE valid_to IS NULL;
COMMENT ON VIEW ${chain}.current_reasons IS 'The reason that holds now, at most one per subject.';

CREATE VIEW ${chain}.item_reasons AS
SELECT r.subject_id AS item_id, i.title, r.reason, r.valid_from, r."window", r.action, r.cause
FROM ${chain}.current_reasons r LEFT JOIN ${chain}.items i ON i.item_id = r.subject_id
WHERE r.side = 'item';
COMMENT ON VIEW ${chain}.item_reasons IS 'Why the people who like an item do: the current reason of each item, with its title.';

CREATE VIEW ${chain}.user_interests AS
SELECT
    r.subject_id AS user_id, r.reason AS interest, r.valid_from, r."window", r.action, r.cause,
    e.recently_liked
FROM ${chain}.current_reasons r
LEFT JOIN (
    SELECT subject_id, arg_max([f.text FOR f IN facts IF f.kind = 'recent_like'], as_of) AS recently_liked
    FROM ${chain}.evidence WHERE side = 'user' GROUP BY subject_id
) e USING (subject_id)
WHERE r.side = 'user';
COMMENT ON VIEW ${chain}.user_interests IS 'What each user likes and why: the current interest, with the titles they liked of late.';

CREATE VIEW ${chain}.reason_embeddings AS
SELECT side, subject_id, "window", reason_hash, embedding::FLOAT[${dimension}] AS embedding, role, valid_from
FROM read_parquet(${lake} || '/reason_embeddings/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true);
COMMENT ON VIEW ${chain}.reason_embeddings IS 'Unit sentence embedding of every new reason by role (draft, arrival, rl_sample, corrected); null where one was withdrawn.';

CREATE VIEW ${chain}.current_reason_embeddings AS
SELECT c.side, c.subject_id, c.reason, e.embedding, c.valid_from
FROM ${chain}.current_reasons c
JOIN ${chain}.reason_embeddings e USING (side, subject_id, valid_from)
WHERE e.role IN ('arrival', 'corrected');
COMMENT ON VIEW ${chain}.current_reason_embeddings IS 'The reason that holds now with its embedding, one row per subject.';

CREATE VIEW ${chain}.artifacts AS
SELECT artifact_id, asset, "window", path, sha256, base_model, parents, rows_seen, latest_ts_seen, config_hash, created_at, config, metrics, curves
FROM (
    SELECT 'aligned_llm' AS asset, * FROM read_parquet(${lake} || '/aligned_llm/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
    UNION ALL BY NAME
    SELECT 'reward_model' AS asset, * FROM read_parquet(${lake} || '/reward_model/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
    UNION ALL BY NAME
    SELECT 'rl_policy' AS asset, * FROM read_parquet(${lake} || '/rl_policy/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
    UNION ALL BY NAME
    SELECT 'ranker' AS asset, * FROM read_parquet(${lake} || '/ranker/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
);
COMMENT ON VIEW ${chain}.artifacts IS 'Every trained model: where its weights lie, what it was made from (parents), with which configuration, what it had seen.';

CREATE VIEW ${chain}.evaluations AS
SELECT "window", subject, backbone, arm, metric, slice, value, ci_low, ci_high, n
FROM read_parquet(${lake} || '/ranker_evaluation/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
UNION ALL BY NAME
SELECT "window", unnest(evaluations, max_depth := 2)
FROM (
    SELECT "window", evaluations FROM read_parquet(${lake} || '/aligned_llm/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
    UNION ALL BY NAME
    SELECT "window", evaluations FROM read_parquet(${lake} || '/reward_model/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
    UNION ALL BY NAME
    SELECT "window", evaluations FROM read_parquet(${lake} || '/rl_policy/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
    UNION ALL BY NAME
    -- Recommendations are rows already; how faithful their reasons are stands in the manifest.
    SELECT
        manifest ->> 'window' AS "window",
        from_json(
            manifest -> 'metrics' -> 'evaluations',
            '[{"subject": "VARCHAR", "backbone": "VARCHAR", "arm": "VARCHAR", "metric": "VARCHAR", "slice": "VARCHAR",
               "value": "DOUBLE", "ci_low": "DOUBLE", "ci_high": "DOUBLE", "n": "BIGINT"}]'
        ) AS evaluations
    FROM (
        -- No filter on the key: DuckDB may put a query's own filter before it, and other keys' values are no JSON.
        SELECT CASE WHEN decode(key) = 'curec' THEN decode(value)::JSON END AS manifest
        FROM parquet_kv_metadata(${lake} || '/recommendations/window=*/data.parquet')
    )
    WHERE manifest IS NOT NULL
);
COMMENT ON VIEW ${chain}.evaluations IS 'Held-out metrics of every stage with their intervals; the whole set is slice all. The ranker of window w-1 is judged on window w.';

CREATE VIEW ${chain}.recommendations AS
SELECT "window", user_id, rank, item_id, score, reason, because, why
FROM read_parquet(${lake} || '/recommendations/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
WHERE coalesce(served, true);
COMMENT ON VIEW ${chain}.recommendations IS 'Top-N per user active in the window, with the item''s reason, the own history that had most attention (because), and what lowers the score when it is taken away (why).';

CREATE VIEW ${chain}.arm_recommendations AS
SELECT "window", arm, user_id, rank, item_id, score
FROM read_parquet(${lake} || '/recommendations/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true)
WHERE NOT served;
COMMENT ON VIEW ${chain}.arm_recommendations IS 'What each arm of the ranker, and popularity, would offer to the same sample of the window''s users.';

CREATE VIEW ${chain}.bias_audit AS
SELECT "window", measure, arm, bucket, value, ci_low, ci_high, n
FROM read_parquet(${lake} || '/bias_audit/window=*/data.parquet', hive_partitioning = true, hive_types = {'window': VARCHAR}, union_by_name = true);
COMMENT ON VIEW ${chain}.bias_audit IS 'Who and what gets exposure, reward and acceptance: by popularity decile, with coverage and Gini; and how far the ranker''s errors differ between groups of users and of items.';

CREATE VIEW ${chain}.partitions AS
SELECT
    m.manifest ->> 'asset' AS asset, m.manifest ->> 'window' AS "window", m.manifest ->> 'artifact_id' AS artifact_id,
    m.manifest ->> 'content_hash' AS content_hash, (m.manifest ->> 'rows')::BIGINT AS "rows",
    (m.manifest ->> 'seconds')::DOUBLE AS seconds, (m.manifest ->> 'created_at')::TIMESTAMPTZ AS created_at,
    m.manifest ->> 'config_hash' AS config_hash, m.manifest ->> 'code_version' AS code_version,
    m.manifest ->> '$$.parents[*].artifact_id' AS parents, m.manifest -> 'metrics' AS metrics
FROM (
    -- No filter on the key, as in evaluations.
    SELECT CASE WHEN decode(key) = 'curec' THEN decode(value)::JSON END AS manifest
    FROM parquet_kv_metadata(${lake} || '/*/window=*/data.parquet')
) m
WHERE m.manifest IS NOT NULL;
COMMENT ON VIEW ${chain}.partitions IS 'Every published partition as its manifest says: content hash, rows, seconds, parents, metrics.';

CREATE MACRO ${chain}.reasons_as_of(moment) AS TABLE
SELECT side, subject_id, reason, valid_from, valid_to, "window", action, cause
FROM ${chain}.reason_history
WHERE valid_from <= moment::TIMESTAMPTZ AND (valid_to IS NULL OR moment::TIMESTAMPTZ < valid_to);
COMMENT ON MACRO TABLE ${chain}.reasons_as_of IS 'The reasons that held at a moment: FROM reasons_as_of(''1997-11-15'').';

CREATE MACRO ${chain}.similar_reasons(of_side, of_subject, k) AS TABLE
SELECT other.side, other.subject_id, other.reason, array_cosine_similarity(other.embedding, own.embedding) AS similarity
FROM ${chain}.current_reason_embeddings own
JOIN ${chain}.current_reason_embeddings other ON other.side = own.side AND other.subject_id <> own.subject_id
WHERE own.side = of_side AND own.subject_id = of_subject
ORDER BY similarity DESC, other.subject_id
LIMIT k;
COMMENT ON MACRO TABLE ${chain}.similar_reasons IS 'The k current reasons of a side nearest to a subject''s by cosine: FROM similar_reasons(''item'', ''50'', 5).';
