-- What a line that holds one object says: JSON, or a Python literal ({'asin': 'x', 'price': None}) as older exports have.

CREATE OR REPLACE TEMP MACRO python_tokens(line) AS
    regexp_extract_all(line, '''(?:[^''\\]|\\.)*''|"(?:[^"\\]|\\.)*"|[^''"]+');

-- A quoted Python string as a JSON string. Doubled backslashes step aside while the other escapes are turned; what JSON
-- has no escape for (\U0001f600, \0) is left and makes the text invalid.
CREATE OR REPLACE TEMP MACRO python_escapes(body) AS
    regexp_replace(replace(replace(body, '\\', chr(1)), '\''', ''''), '\\x([0-9a-fA-F]{2})', '\\u00\1', 'g');

CREATE OR REPLACE TEMP MACRO python_string(body) AS
    '"' || replace(replace(replace(python_escapes(body), '\"', '"'), '"', '\"'), chr(1), '\\') || '"';

CREATE OR REPLACE TEMP MACRO python_constants(code) AS
    regexp_replace(
        regexp_replace(regexp_replace(code, '\bNone\b', 'null', 'g'), '\bTrue\b', 'true', 'g'),
        '\bFalse\b', 'false', 'g'
    );

CREATE OR REPLACE TEMP MACRO python_json(line) AS
    CASE
        -- Quotes that do not pair are in no token.
        WHEN length(array_to_string(python_tokens(line), '')) = length(line)
            THEN array_to_string(
                list_transform(
                    python_tokens(line),
                    lambda token: CASE
                        WHEN token[1] IN ('''', '"') THEN python_string(substr(token, 2, length(token) - 2))
                        ELSE python_constants(token)
                    END
                ),
                ''
            )
    END;

CREATE OR REPLACE TEMP MACRO json_record(line) AS CASE WHEN json_valid(line) THEN line ELSE python_json(line) END;

-- JSON values at the pointers; NULL where the line holds no object.
CREATE OR REPLACE TEMP MACRO json_fields(line, pointers) AS
    CASE WHEN TRY(json_type(json_record(line))) = 'OBJECT' THEN json_extract(json_record(line), pointers) END;

CREATE OR REPLACE TEMP MACRO json_names(line) AS
    CASE WHEN TRY(json_type(json_record(line))) = 'OBJECT' THEN json_keys(json_record(line)) END;

-- The texts of a list or of a list of lists; those of a text are parted by the separator.
CREATE OR REPLACE TEMP MACRO json_texts(value, separator) AS
    CASE
        WHEN json_type(value) <> 'ARRAY' THEN string_split(json_extract_string(value, '$'), separator)
        WHEN json_type(value, '$[0]') = 'ARRAY' THEN json_extract_string(value, '$[*][*]')
        ELSE json_extract_string(value, '$[*]')
    END;

CREATE OR REPLACE TEMP MACRO json_text(value) AS
    CASE
        WHEN json_type(value) = 'ARRAY' THEN array_to_string(json_texts(value, ' '), ' ')
        ELSE json_extract_string(value, '$')
    END;
