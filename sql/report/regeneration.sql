-- How many tokens did a window write, and how many would one set of candidates for every subject with evidence take?
-- The latter: subjects with evidence up to the window, times the tokens of the candidates of one of its reviews.
WITH written AS (
    SELECT
        "window",
        sum(tokens) FILTER (WHERE asset = 'draft_reasons') AS drafts,
        sum(tokens) FILTER (WHERE asset = 'arrival_reasons') AS arrivals,
        sum(tokens) FILTER (WHERE asset = 'corrected_reasons') AS candidates,
        sum(reviews) AS reviews
    FROM (
        SELECT
            "window", asset, (metrics ->> 'tokens_generated')::DOUBLE::BIGINT AS tokens,
            (metrics ->> 'reviews')::DOUBLE::BIGINT AS reviews
        FROM partitions
        WHERE asset IN ('draft_reasons', 'arrival_reasons', 'corrected_reasons')
    )
    GROUP BY "window"
), subjects AS (
    SELECT side, subject_id, min("window") AS first_window FROM evidence GROUP BY ALL
), known AS (
    SELECT "window", count(subject_id) AS subjects
    FROM written LEFT JOIN subjects ON first_window <= "window"
    GROUP BY "window"
)
SELECT
    "window", drafts::BIGINT AS drafts, arrivals::BIGINT AS arrivals, candidates::BIGINT AS candidates,
    (coalesce(drafts, 0) + coalesce(arrivals, 0) + candidates)::BIGINT AS spent,
    reviews::BIGINT AS reviews, subjects,
    round(subjects * candidates / nullif(reviews, 0))::BIGINT AS regenerated
FROM written JOIN known USING ("window")
WHERE candidates IS NOT NULL
ORDER BY "window";
