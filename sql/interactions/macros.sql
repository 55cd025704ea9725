-- How one line of delimited text falls into fields, and what moment a text names.

-- Fields of a line; '"' quotes a field. NULL where text stands beside a closing quote, so that nothing is dropped.
CREATE OR REPLACE TEMP MACRO quoted_fields(line, delimiter) AS
    regexp_extract_all(
        delimiter || line,
        regexp_escape(delimiter) || '(?:"(?:[^"]|"")*"|[^' || regexp_escape(delimiter) || ']*)'
    );

CREATE OR REPLACE TEMP MACRO unquoted(field) AS
    CASE
        WHEN length(field) >= 2 AND starts_with(field, '"') AND ends_with(field, '"')
            THEN replace(substr(field, 2, length(field) - 2), '""', '"')
        ELSE field
    END;

CREATE OR REPLACE TEMP MACRO line_fields(line, delimiter) AS
    CASE
        WHEN NOT contains(line, '"') THEN string_split(line, delimiter)
        WHEN length(array_to_string(quoted_fields(line, delimiter), '')) = length(delimiter) + length(line)
            THEN list_transform(quoted_fields(line, delimiter), lambda field: unquoted(substr(field, 2)))
    END;

CREATE OR REPLACE TEMP MACRO whole_microseconds(number) AS
    CASE WHEN isfinite(number) THEN TRY_CAST(round(number) AS BIGINT) END;

-- Microseconds since 1970 in UTC; NULL where the text names no moment.
CREATE OR REPLACE TEMP MACRO microseconds_of(moment, timestamp_format) AS
    CASE timestamp_format
        WHEN 'epoch_seconds' THEN whole_microseconds(TRY_CAST(moment AS DOUBLE) * 1e6)
        WHEN 'epoch_millis' THEN whole_microseconds(TRY_CAST(moment AS DOUBLE) * 1e3)
        WHEN 'iso' THEN
            CASE
                WHEN isfinite(TRY_CAST(moment AS TIMESTAMPTZ)) THEN epoch_us(TRY_CAST(moment AS TIMESTAMPTZ))
            END
    END;

-- Why a row belongs to no window; NULL where it belongs to one.
CREATE OR REPLACE TEMP MACRO reject_code(splits, microseconds, now_us) AS
    CASE
        WHEN NOT splits THEN 'invalid_row'
        WHEN microseconds IS NULL THEN 'unreadable_time'
        WHEN microseconds < 0 THEN 'negative_time'
        WHEN microseconds > now_us THEN 'future_time'
    END;
