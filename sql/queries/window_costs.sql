-- What did each window cost, in seconds and in tokens, and which stages took them?
-- Tokens are those that the language model wrote as drafts, arrivals and candidates.
SELECT
    "window", round(sum(seconds), 1) AS seconds,
    round(sum(seconds) FILTER (asset IN ('aligned_llm', 'rl_policy')), 1) AS tuning_the_llm,
    round(sum(seconds) FILTER (asset IN ('draft_reasons', 'arrival_reasons', 'corrected_reasons')), 1) AS writing_reasons,
    round(sum(seconds) FILTER (asset IN ('reward_model', 'ranker', 'ranker_evaluation')), 1) AS reward_and_rankers,
    sum((metrics ->> 'tokens_generated')::DOUBLE)::BIGINT AS tokens_written,
    sum((metrics ->> 'reviews')::DOUBLE)::BIGINT AS reviews,
    sum("rows") FILTER (asset = 'cleaned_interactions')::BIGINT AS interactions
FROM partitions
GROUP BY "window"
ORDER BY "window";
