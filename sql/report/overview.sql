-- How much of the chain is there, and which state of it? state changes with any partition's content or making.
SELECT
    count(*) AS partitions, count(DISTINCT asset) AS assets, count(DISTINCT "window") AS windows,
    min("window") AS first_window, max("window") AS last_window,
    strftime(max(created_at), '%Y-%m-%d %H:%M:%S UTC') AS latest,
    sha256(string_agg(concat_ws(' ', asset, "window", content_hash, created_at), chr(10) ORDER BY asset, "window")) AS state
FROM partitions;
