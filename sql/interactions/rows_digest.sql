-- Number of rows and the sum of their hashes: the same for the same rows in any order.
SELECT count(*), sum(md5_number_upper(row_text)::HUGEINT)::VARCHAR, sum(md5_number_lower(row_text)::HUGEINT)::VARCHAR
FROM (SELECT to_json(r)::VARCHAR AS row_text FROM read_parquet($path) AS r);
